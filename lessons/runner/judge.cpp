#include "lessons/runner/judge.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "lessons/runner/file_lock.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

constexpr std::size_t max_output = std::size_t{16} << 20;
constexpr std::size_t log_bytes = std::size_t{1} << 20;

bool is_prepared(const Paths& paths, const Entry& entry) {
  const fs::path lessons = paths.build / "lessons";
  const fs::path check = lessons / "CMakeFiles" / ("check_" + entry.id + ".dir") / entry.folder / "checks";
  return fs::exists(check / (entry.name + ".cpp.o")) && fs::exists(lessons / "libheed_exercise_check.a");
}

std::string object_of(const Entry& entry) { return "judged/" + entry.id + ".cpp.o"; }

enum class Compiled { yes, no, stopped };

// Compiles and links the learner's program and writes errors and warnings to the verdict.
Compiled compile(const Paths& paths, const Entry& entry, const std::string& shown,
                 const JudgeCallbacks& callbacks, Verdict& verdict) {
  const ProcessResult build =
      build_targets(paths, {"ex_" + entry.id}, {callbacks.should_stop, callbacks.on_percent});
  verdict.build_seconds = build.seconds;
  if (build.outcome == ProcessResult::Outcome::stopped) return Compiled::stopped;
  // An unchanged file is not compiled again, so its warnings are not printed again: they are read
  // from the stored log.
  const fs::path stored_log = paths.judged() / (entry.id + ".log");
  if (build.output.find(object_of(entry)) != std::string::npos || !fs::exists(stored_log))
    write_text(stored_log, build.output);
  verdict.log = read_text(stored_log);
  verdict.warning = read_compile_log(verdict.log, shown, object_of(entry)).warning;
  if (build.outcome == ProcessResult::Outcome::exited && build.code == 0) return Compiled::yes;

  const CompileLog log = read_compile_log(build.output, shown, object_of(entry));
  verdict.log = build.output;
  verdict.state = State::compile;
  verdict.error = log.error;
  verdict.missing_function = log.missing_function;
  if (log.in_learners_file && log.error) return Compiled::no;
  if (!log.link_error.empty()) {
    verdict.error = Diagnostic{0, 0, log.link_error, ""};
    return Compiled::no;
  }
  const std::string reason = log.error ? log.error->location + ": " + log.error->text : trimmed(build.output);
  throw EnvironmentError(tr("The check of {1} could not be built. The cause is not your file: {2}", entry.id,
                            shortened(printable(reason), 2000)));
}

// Reads the progress of a build from its output: Ninja prints "[12/80] …", make "[ 15%] …".
std::function<void(const std::string&)> percent_reader(const std::function<void(int)>& on_percent) {
  if (!on_percent) return {};
  return [on_percent, line = std::string()](const std::string& piece) mutable {
    for (const char c : piece) {
      if (c != '\n') {
        line += c;
        continue;
      }
      int done = 0, all = 0;
      if (std::sscanf(line.c_str(), "[%d/%d]", &done, &all) == 2 && all > 2) on_percent(100 * done / all);
      if (std::sscanf(line.c_str(), "[ %d%%]", &done) == 1) on_percent(done);
      line.clear();
    }
  };
}

}  // namespace

double time_limit() {
  const char* text = std::getenv("HEED_TIME_LIMIT");
  const double seconds = text ? std::atof(text) : 0;
  return seconds > 0 ? seconds : 10;
}

std::string judged_text(const std::string& shown_path, const std::string& source) {
  std::string name;
  for (const char c : shown_path) name += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
  const std::size_t byte_order_mark = starts_with(source, "\xEF\xBB\xBF") ? 3 : 0;
  return "#line 1 \"" + name + "\"\n" + source.substr(byte_order_mark);
}

std::string cache_value(const Paths& paths, const std::string& key) {
  for (const std::string& line : lines_of(read_text(paths.build / "CMakeCache.txt")))
    if (starts_with(line, key + ":")) return line.substr(line.find('=') + 1);
  return "";
}

ProcessResult build_targets(const Paths& paths, const std::vector<std::string>& targets,
                            const BuildCallbacks& callbacks) {
  const std::string cmake = cache_value(paths, "CMAKE_COMMAND");
  const std::string processors = std::to_string(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::string> command = {cmake,        "--build",  paths.build.string(),
                                      "--parallel", processors, "--target"};
  command.insert(command.end(), targets.begin(), targets.end());
  // The log is parsed, so it must be in English and without colour.
  const Limits limits{
      .keep_bytes = log_bytes,
      .environment = {"LC_ALL=C", "CLICOLOR_FORCE=0", "GCC_COLORS=", "MAKEFLAGS=", "NINJA_STATUS=[%f/%t] "},
      .on_output = percent_reader(callbacks.on_percent)};
  ProcessResult result = run_process(command, limits, callbacks.should_stop);
  if (result.outcome == ProcessResult::Outcome::not_started)
    throw EnvironmentError(tr("{1} cannot be run ({2}). Is CMake still installed? To find out: {3}", cmake,
                              std::strerror(result.code), invocation("doctor")));
  return result;
}

std::optional<Verdict> judge(const Paths& paths, const Entry& entry, const std::string& source,
                             const JudgeCallbacks& callbacks) {
  const auto report_step = [&](Step step) {
    if (callbacks.on_step) callbacks.on_step(step);
  };
  bool reported = false;
  const FileLock lock(paths.build_lock(), [&] {
    if (!reported) report_step(Step::waiting);
    reported = true;
    return callbacks.should_stop && callbacks.should_stop();
  });
  if (!lock.held()) return std::nullopt;

  const std::string shown = paths.display(entry.file(paths)), text = judged_text(shown, source);
  const fs::path snapshot = paths.judged() / (entry.id + ".cpp");
  if (!fs::exists(snapshot) || read_text(snapshot) != text) write_text(snapshot, text);

  Verdict verdict;
  report_step(is_prepared(paths, entry) ? Step::compiling : Step::preparing);
  const Compiled compiled = compile(paths, entry, shown, callbacks, verdict);
  if (compiled == Compiled::stopped) return std::nullopt;
  if (compiled == Compiled::no) return verdict;

  report_step(Step::running);
  const fs::path result_file = paths.judged() / (entry.id + ".result"),
                 program = paths.build / "lessons" / ("ex_" + entry.id);
  fs::remove(result_file);
  const ProcessResult process = run_process(
      {program.string(), "--result", result_file.string()},
      {.seconds = time_limit(), .kill_after_bytes = max_output, .confined = true}, callbacks.should_stop);
  if (process.outcome == ProcessResult::Outcome::stopped) return std::nullopt;
  if (process.outcome == ProcessResult::Outcome::not_started)
    throw EnvironmentError(concat("[heed] ", program.string(), ": ", std::strerror(process.code)));
  const std::string result = fs::exists(result_file) ? read_text(result_file) : "";
  read_result(entry, process, result, time_limit(), verdict);
  fs::remove(result_file);
  return verdict;
}

bool prepare_checks(const Paths& paths, const std::vector<Entry>& entries, const BuildCallbacks& callbacks) {
  const auto never = [] { return false; };
  const FileLock lock(paths.build_lock(), callbacks.should_stop ? callbacks.should_stop : never);
  std::vector<std::string> targets = {"heed_exercise_check"};
  for (const Entry& entry : entries) targets.push_back("check_" + entry.id);
  return lock.held() && build_targets(paths, targets, callbacks).outcome != ProcessResult::Outcome::stopped;
}

std::string in_words(Step step) {
  switch (step) {
    case Step::waiting:
      return tr("waiting for another heed in this folder…");
    case Step::preparing:
      return tr("preparing this exercise's check (first time only)…");
    case Step::compiling:
      return tr("compiling…");
    case Step::running:
      return tr("running…");
  }
  return "";
}

}  // namespace heed::runner
