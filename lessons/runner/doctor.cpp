#include "lessons/runner/doctor.h"

#include <iostream>
#include <thread>

#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"
#include "autograd/threads.h"
#include "lessons/runner/commands.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/report.h"
#include "lessons/runner/text.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// The first line that `program --version` prints, or "" if the program cannot be run.
std::string version_of(const std::string& program) {
  if (program.empty()) return "";
  const ProcessResult result =
      run_process({program, "--version"}, {.seconds = 20, .environment = {"LC_ALL=C"}});
  const std::vector<std::string> lines = lines_of(result.output);
  const bool ok = result.outcome == ProcessResult::Outcome::exited && result.code == 0;
  return ok && !lines.empty() ? lines[0] : "";
}

// `key`: the CMake cache variable that holds the program's path.
Finding check_program(const Paths& paths, const std::string& name, const char* key) {
  const std::string path = cache_value(paths, key), version = version_of(path);
  if (!version.empty()) return {name, true, path + ": " + version, ""};
  return {name, false, tr("{1} cannot be run", path.empty() ? key : path),
          tr("reinstall it, delete {1} and run {2}", paths.display(paths.build), invocation("doctor"))};
}

Finding check_writable(const Paths& paths, const std::string& name, const fs::path& folder) {
  const fs::path probe = folder / ".heed-probe";
  try {
    write_text(probe, "");
    fs::remove(probe);
    return {name, true, paths.display(folder), ""};
  } catch (const std::exception& error) {
    return {name, false, error.what(), tr("make it writable: chmod u+w {1}", folder.string())};
  }
}

Finding check_disk(const Paths& paths) {
  constexpr double needed = 500;
  std::error_code error;
  const double free = static_cast<double>(fs::space(paths.build, error).available) / (1 << 20);
  const std::string text = tr("{1} MB free", error ? 0L : static_cast<long>(free));
  if (free >= needed && !error) return {tr("disk"), true, text, ""};
  return {tr("disk"), false, text, tr("free at least {1} MB for the build", static_cast<int>(needed))};
}

Finding check_exercises(const Paths& paths, const Catalog& catalog) {
  for (const Entry& entry : catalog.exercises)
    if (!fs::exists(entry.file(paths)))
      return {tr("exercises"), false, tr("{1} does not exist", paths.display(entry.file(paths))),
              invocation("reset " + entry.id)};
  return {tr("exercises"), true,
          tr("{1} files in {2}", catalog.exercises.size(), paths.display(paths.exercises)), ""};
}

Finding check_course(const Catalog& catalog) {
  const std::vector<std::string> errors = inconsistencies(catalog);
  if (errors.empty()) return {tr("course"), true, tr("{1} explained mistakes", catalog.mistakes.size()), ""};
  return {tr("course"), false, errors[0], tr("download the course files again")};
}

Finding check_digits(const Paths& paths) {
  const fs::path file = paths.source / "data" / "digits" / "digits.csv";
  const std::string found = fs::exists(file) ? fingerprint(read_text(file)) : "";
  if (found == digits_fingerprint) return {tr("data"), true, paths.display(file) + " " + found, ""};
  return {tr("data"), false, tr("{1} differs from the published file", paths.display(file)),
          tr("download the file again")};
}

Finding check_processor() {
  try {
    return {tr("processor"), true, tr("kernels for {1}", kernels::kernels<float>().isa), ""};
  } catch (const Error& error) {
    return {tr("processor"), false, error.what(), "unset HEED_ISA"};
  }
}

}  // namespace

std::vector<Finding> diagnose(const Paths& paths, const Catalog& catalog) {
  return {check_program(paths, tr("compiler"), "CMAKE_CXX_COMPILER"),
          check_program(paths, "cmake", "CMAKE_COMMAND"),
          check_program(paths, tr("build tool"), "CMAKE_MAKE_PROGRAM"),
          check_writable(paths, tr("build folder"), paths.judged()),
          check_writable(paths, tr("progress"), paths.state),
          check_exercises(paths, catalog),
          check_disk(paths),
          check_processor(),
          {tr("threads"), true, tr("{1} of {2}", num_threads(), std::thread::hardware_concurrency()), ""},
          check_digits(paths),
          check_course(catalog)};
}

int doctor(Session& session) {
  bool ok = true;
  std::vector<JsonObject> objects;
  for (const Finding& f : diagnose(session.paths, session.catalog)) {
    ok = ok && f.ok;
    JsonObject object;
    object.add("name", f.name).add("ok", f.ok).add("text", f.text).add_if("fix", f.fix);
    objects.push_back(object);
    if (session.options.json) continue;
    const Line result = f.ok ? Line{"✓ OK ", Line::Style::green} : Line{"✗    ", Line::Style::red};
    std::cout << styled(result) << " " << lessons::cells({f.name, f.text}, {-13, -1}) << "\n";
    if (!f.ok) std::cout << "        " << tr("fix: {1}", f.fix) << "\n";
  }
  if (session.options.json) std::cout << JsonObject().add("ok", ok).add("findings", objects).text() << "\n";
  return ok ? exit_passed : exit_environment;
}

}  // namespace heed::runner
