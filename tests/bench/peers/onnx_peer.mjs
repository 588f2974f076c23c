#!/usr/bin/env node
// The work of heed-bench done by ONNX Runtime: the same cases under the same names, and a JSON file of the same form.
//
//   node onnx_peer.mjs WHAT [--threads N] [--min-time SECONDS] [--filter TEXT] [--json FILE]
//                           [--models FOLDER] [--modules FOLDER]
//
// WHAT is encoder or vit. --models is the folder that onnx_export.py wrote; --modules one that has node_modules with
// onnxruntime-node in it (or set NODE_PATH). Before it is timed, a model's output is held to PyTorch's.
import { createRequire } from "node:module";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const cases = {
  encoder: { name: "encoder forward", shape: [10, 32, 512] },
  vit: { name: "vit forward", shape: [1, 3, 224, 224] },
};
const usage = "onnx_peer.mjs encoder|vit [--threads N] [--min-time SECONDS] [--filter TEXT] [--json FILE] " +
  "[--models FOLDER] [--modules FOLDER]";

// What is missing ends the run with status 3, a wrong command or a wrong answer with 2.
function leave(status, text) {
  console.error(`onnx_peer: ${text}`);
  process.exit(status);
}

function parse(args) {
  const what = args[0];
  if (what === undefined || what === "--help") {
    console.log(usage);
    process.exit(0);
  }
  if (!(what in cases)) leave(2, `unknown benchmark ${what}; there are: ${Object.keys(cases).join(", ")}`);
  const options = { what, "--threads": "1", "--min-time": "0.5", "--filter": "", "--json": "", "--models": ".", "--modules": "" };
  for (let i = 1; i < args.length; i += 2) {
    if (!(args[i] in options)) leave(2, `unknown option ${args[i]}. Hint: onnx_peer.mjs --help`);
    if (i + 1 === args.length) leave(2, `${args[i]} wants a value`);
    options[args[i]] = args[i + 1];
  }
  for (const name of ["--threads", "--min-time"])
    if (!(Number(options[name]) > 0)) leave(2, `${name} wants a number above 0, got ${options[name]}`);
  return options;
}

function runtime(folder) {
  const find = createRequire(folder ? path.resolve(folder, "here.js") : import.meta.url);
  try {
    return { ort: find("onnxruntime-node"), version: find("onnxruntime-node/package.json").version };
  } catch (error) {
    leave(3, "onnxruntime-node is not there. Hint: `npm install onnxruntime-node` in a folder outside of the project, " +
      `then --modules FOLDER (${error.message.split("\n")[0]})`);
  }
}

function floats(file) {
  if (!existsSync(file)) leave(3, `there is no ${file}. Hint: onnx_export.py FOLDER, then --models FOLDER`);
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const now = () => Number(process.hrtime.bigint()) * 1e-9;

// At least 5 times of a call and at least `minTime` seconds of them, after two calls that warm up.
async function samples(run, minTime) {
  await run();
  await run();
  const taken = [];
  const stop = now() + minTime;
  while (taken.length < 5 || now() < stop) {
    const start = now();
    await run();
    taken.push(now() - start);
  }
  return taken.sort((a, b) => a - b);
}

async function main() {
  const options = parse(process.argv.slice(2));
  const threads = Number(options["--threads"]);
  const { ort, version } = runtime(options["--modules"]);
  const result = { peer: `ONNX Runtime ${version}`, threads, settings: {}, versions: { onnxruntime: version, node: process.version }, cases: [] };
  const { name, shape } = cases[options.what];
  console.log(`${result.peer}, ${threads} threads`);
  if (name.includes(options["--filter"])) {
    const model = path.join(options["--models"], options.what);
    const input = floats(`${model}.input.f32`), expected = floats(`${model}.output.f32`);
    if (!existsSync(`${model}.onnx`)) leave(3, `there is no ${model}.onnx. Hint: onnx_export.py FOLDER, then --models FOLDER`);
    const session = await ort.InferenceSession.create(`${model}.onnx`, {
      intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential", graphOptimizationLevel: "all",
    });
    const feeds = { x: new ort.Tensor("float32", input, shape) };
    const { y } = await session.run(feeds);
    const apart = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - y.data[i])), 0);
    if (!(apart <= 1e-4) || y.data.length !== expected.length) leave(2, `${name}: ${apart} away from PyTorch's output`);
    const taken = await samples(() => session.run(feeds), Number(options["--min-time"]));
    const at = (share) => taken[Math.floor(taken.length * share)];
    const spread = (at(0.75) - at(0.25)) / at(0.5);
    result.cases.push({ name, seconds: at(0.5), spread, away_from_torch: apart });
    console.log(`  ${name.padEnd(26)} ${(1e3 * at(0.5)).toFixed(3).padStart(10)} ms  spread ${(100 * spread).toFixed(0).padStart(3)} %  ` +
      `at most ${apart.toExponential(1)} away from PyTorch's output`);
  }
  if (options["--json"]) writeFileSync(options["--json"], JSON.stringify(result, null, 1));
}

await main();
