// doctor — is this machine ready? Each line is OK, or says what to do.
#include "lessons/runner/doctor.h"

#include <iostream>
#include <thread>

#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"
#include "autograd/threads.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/text.h"
#include "lessons/runner/verbs.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// The first line that a program says of its version, or "" where it cannot be run.
std::string version_of(const std::string& program) {
  if (program.empty()) return "";
  const Ended ended = run_process({program, "--version"}, {.seconds = 20, .environment = {"LC_ALL=C"}});
  const std::vector<std::string> said = lines_of(ended.output);
  return ended.how == Ended::How::exited && ended.number == 0 && !said.empty() ? said[0] : "";
}

Finding program(const Places& places, const std::string& name, const char* key) {
  const std::string path = cache_value(places, key), version = version_of(path);
  if (!version.empty()) return {name, true, path + ": " + version, ""};
  return {name, false, tr("{1} cannot be run", path.empty() ? key : path),
          tr("install it again, remove {1}, and type {2}", places.shown(places.build), command("doctor"))};
}

Finding writable(const Places& places, const std::string& name, const fs::path& folder) {
  const fs::path probe = folder / ".heed-probe";
  try {
    write_text(probe, "");
    fs::remove(probe);
    return {name, true, places.shown(folder), ""};
  } catch (const std::exception& error) {
    return {name, false, error.what(), tr("make {1} writable for yourself: chmod u+w", folder.string())};
  }
}

Finding space(const Places& places) {
  constexpr double needed = 500;
  std::error_code error;
  const double free = static_cast<double>(fs::space(places.build, error).available) / (1 << 20);
  const std::string text = tr("{1} MB free", error ? 0L : static_cast<long>(free));
  if (free >= needed && !error) return {tr("disk"), true, text, ""};
  return {tr("disk"), false, text, tr("{1} MB are needed for what is compiled", static_cast<int>(needed))};
}

Finding exercises(const Places& places, const Catalog& catalog) {
  for (const Entry& entry : catalog.exercises)
    if (!fs::exists(entry.file(places)))
      return {tr("exercises"), false, tr("{1} is not there", places.shown(entry.file(places))),
              command("reset " + entry.id)};
  return {tr("exercises"), true,
          tr("{1} files in {2}", catalog.exercises.size(), places.shown(places.exercises)), ""};
}

Finding course(const Catalog& catalog) {
  const std::vector<std::string> wrong = inconsistencies(catalog);
  if (wrong.empty()) return {tr("course"), true, tr("{1} pages of mistakes", catalog.mistakes.size()), ""};
  return {tr("course"), false, wrong[0], tr("get the course's files anew")};
}

Finding digits(const Places& places) {
  const fs::path file = places.source / "data/digits/digits.csv";
  const std::string got = fs::exists(file) ? fingerprint(read_text(file)) : "";
  if (got == digits_fingerprint) return {tr("data"), true, places.shown(file) + " " + got, ""};
  return {tr("data"), false, tr("{1} is not what was published", places.shown(file)),
          tr("get the file anew")};
}

Finding processor() {
  try {
    return {tr("processor"), true, tr("kernels for {1}", kernels::kernels<float>().isa), ""};
  } catch (const Error& error) {
    return {tr("processor"), false, error.what(), "unset HEED_ISA"};
  }
}

}  // namespace

std::vector<Finding> examine(const Places& places, const Catalog& catalog) {
  return {program(places, tr("compiler"), "CMAKE_CXX_COMPILER"),
          program(places, "cmake", "CMAKE_COMMAND"),
          program(places, tr("build tool"), "CMAKE_MAKE_PROGRAM"),
          writable(places, tr("building"), places.judged()),
          writable(places, tr("progress"), places.state),
          exercises(places, catalog),
          space(places),
          processor(),
          {tr("threads"), true, tr("{1} of {2}", num_threads(), std::thread::hardware_concurrency()), ""},
          digits(places),
          course(catalog)};
}

int doctor(Session& session) {
  const std::vector<Finding> findings = examine(session.places, session.catalog);
  bool well = true;
  std::vector<JsonObject> objects;
  for (const Finding& f : findings) {
    well = well && f.well;
    objects.push_back(
        JsonObject().add("name", f.name).add("ok", f.well).add("text", f.text).add_if("fix", f.fix));
    if (session.options.json) continue;
    std::cout << shown({f.well ? "✓ OK " : "✗    ", f.well ? Line::Look::green : Line::Look::red}) << " "
              << lessons::cells({f.name, f.text}, {-12, -1}) << "\n";
    if (!f.well) std::cout << "        " << tr("to mend it: {1}", f.fix) << "\n";
  }
  if (session.options.json) std::cout << JsonObject().add("ok", well).add("findings", objects).text() << "\n";
  return well ? all_pass : environment_error;
}

}  // namespace heed::runner
