#!/usr/bin/env node
// Runs the cases of heed-bench with ONNX Runtime, under the same names and with the same JSON format.
//
//   node onnx_peer.mjs BENCHMARK [--threads N] [--min-time SECONDS] [--filter TEXT] [--json FILE]
//                           [--models FOLDER] [--modules FOLDER]
//
// BENCHMARK is encoder or vit. --models is the output folder of onnx_export.py. --modules is a folder whose
// node_modules contains onnxruntime-node (or set NODE_PATH). The output of a model is compared with PyTorch's
// before it is timed.
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

// Exits with status 3 if something is not installed, and with 2 for an invalid command or a wrong output.
function fail(status, text) {
  console.error(`onnx_peer: ${text}`);
  process.exit(status);
}

function parse(args) {
  const benchmark = args[0];
  if (benchmark === undefined || benchmark === "--help") {
    console.log(usage);
    process.exit(0);
  }
  if (!(benchmark in cases)) fail(2, `unknown benchmark ${benchmark}; available: ${Object.keys(cases).join(", ")}`);
  const options = { benchmark, "--threads": "1", "--min-time": "0.5", "--filter": "", "--json": "", "--models": ".", "--modules": "" };
  for (let i = 1; i < args.length; i += 2) {
    if (!(args[i] in options)) fail(2, `unknown option ${args[i]}. Hint: onnx_peer.mjs --help`);
    if (i + 1 === args.length) fail(2, `${args[i]}: expected a value`);
    options[args[i]] = args[i + 1];
  }
  for (const name of ["--threads", "--min-time"])
    if (!(Number(options[name]) > 0)) fail(2, `${name}: expected a number above 0, got ${options[name]}`);
  return options;
}

function runtime(folder) {
  const find = createRequire(folder ? path.resolve(folder, "here.js") : import.meta.url);
  try {
    return { ort: find("onnxruntime-node"), version: find("onnxruntime-node/package.json").version };
  } catch (error) {
    fail(3, "onnxruntime-node is not installed. Hint: run `npm install onnxruntime-node` in a folder outside the project, " +
      `then pass --modules FOLDER (${error.message.split("\n")[0]})`);
  }
}

function floats(file) {
  if (!existsSync(file)) fail(3, `${file} does not exist. Hint: run onnx_export.py FOLDER, then pass --models FOLDER`);
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const now = () => Number(process.hrtime.bigint()) * 1e-9;

// Returns the sorted times of at least 5 calls and at least `minTime` seconds, after two warm-up calls.
async function samples(run, minTime) {
  await run();
  await run();
  const times = [];
  const stop = now() + minTime;
  while (times.length < 5 || now() < stop) {
    const start = now();
    await run();
    times.push(now() - start);
  }
  return times.sort((a, b) => a - b);
}

async function main() {
  const options = parse(process.argv.slice(2));
  const threads = Number(options["--threads"]);
  const { ort, version } = runtime(options["--modules"]);
  const result = { peer: `ONNX Runtime ${version}`, threads, settings: {}, versions: { onnxruntime: version, node: process.version }, cases: [] };
  const { name, shape } = cases[options.benchmark];
  console.log(`${result.peer}, ${threads} threads`);
  if (name.includes(options["--filter"])) {
    const model = path.join(options["--models"], options.benchmark);
    const input = floats(`${model}.input.f32`), expected = floats(`${model}.output.f32`);
    if (!existsSync(`${model}.onnx`)) fail(3, `${model}.onnx does not exist. Hint: run onnx_export.py FOLDER, then pass --models FOLDER`);
    const session = await ort.InferenceSession.create(`${model}.onnx`, {
      intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential", graphOptimizationLevel: "all",
    });
    const feeds = { x: new ort.Tensor("float32", input, shape) };
    const { y } = await session.run(feeds);
    const difference = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - y.data[i])), 0);
    if (!(difference <= 1e-4) || y.data.length !== expected.length) fail(2, `${name}: differs from PyTorch's output by ${difference}`);
    const times = await samples(() => session.run(feeds), Number(options["--min-time"]));
    const quantile = (p) => times[Math.floor(times.length * p)];
    const spread = (quantile(0.75) - quantile(0.25)) / quantile(0.5);
    result.cases.push({ name, seconds: quantile(0.5), spread, away_from_torch: difference });
    console.log(`  ${name.padEnd(26)} ${(1e3 * quantile(0.5)).toFixed(3).padStart(10)} ms  spread ${(100 * spread).toFixed(0).padStart(3)} %  ` +
      `max difference from PyTorch ${difference.toExponential(1)}`);
  }
  if (options["--json"]) writeFileSync(options["--json"], JSON.stringify(result, null, 1));
}

await main();
