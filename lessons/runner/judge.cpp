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

constexpr std::size_t endless_output = std::size_t{16} << 20;
constexpr std::size_t log_bytes = std::size_t{1} << 20;

bool is_prepared(const Places& places, const Entry& entry) {
  const fs::path lessons = places.build / "lessons";
  return fs::exists(lessons / "CMakeFiles" / ("check_" + entry.id + ".dir") / entry.folder / "checks" /
                    (entry.name + ".cpp.o")) &&
         fs::exists(lessons / "libheed_exercise_check.a");
}

std::string object_of(const Entry& entry) { return "judged/" + entry.id + ".cpp.o"; }

// Compiles and links; true where there is a program to run.
bool compile(const Places& places, const Entry& entry, const std::string& shown, const Watching& watching,
             Verdict& verdict, bool& stopped) {
  const Ended build = build_targets(places, {"ex_" + entry.id}, {watching.stop, watching.at_percent});
  verdict.build_seconds = build.seconds;
  stopped = build.how == Ended::How::stopped;
  if (stopped) return false;
  // What was compiled before is not compiled again, and its warnings are not said again: the log stays beside it.
  const fs::path kept = places.judged() / (entry.id + ".log");
  if (build.output.find(object_of(entry)) != std::string::npos || !fs::exists(kept))
    write_text(kept, build.output);
  verdict.log = read_text(kept);
  const CompileLog said = read_compile_log(verdict.log, shown, object_of(entry));
  verdict.warning = said.warning;
  if (build.how == Ended::How::exited && build.number == 0) return true;
  const CompileLog now = read_compile_log(build.output, shown, object_of(entry));
  verdict.log = build.output;
  verdict.state = State::compile;
  verdict.error = now.error;
  verdict.missing_function = now.missing_function;
  if (now.in_learners_file && now.error) return false;
  if (!now.link_error.empty()) {
    verdict.error = Complaint{0, 0, now.link_error, ""};
    return false;
  }
  const std::string reason = now.error ? now.error->where + ": " + now.error->text : trimmed(build.output);
  throw Environment(tr("The check of {1} could not be built, and not for what your file says: {2}", entry.id,
                       shortened(printable(reason), 2000)));
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
  const std::size_t mark = starts_with(source, "\xEF\xBB\xBF") ? 3 : 0;  // some editors begin a file with it
  return "#line 1 \"" + name + "\"\n" + source.substr(mark);
}

std::string cache_value(const Places& places, const std::string& key) {
  for (const std::string& line : lines_of(read_text(places.build / "CMakeCache.txt")))
    if (starts_with(line, key + ":")) return line.substr(line.find('=') + 1);
  return "";
}

// Hears how far a build is: Ninja says "[12/80] …", make "[ 15%] …".
static std::function<void(const std::string&)> percent_of(const std::function<void(int)>& at_percent) {
  if (!at_percent) return {};
  return [at_percent, line = std::string()](const std::string& piece) mutable {
    for (const char c : piece) {
      if (c != '\n') {
        line += c;
        continue;
      }
      int done = 0, all = 0;
      if (std::sscanf(line.c_str(), "[%d/%d]", &done, &all) == 2 && all > 2) at_percent(100 * done / all);
      if (std::sscanf(line.c_str(), "[ %d%%]", &done) == 1) at_percent(done);
      line.clear();
    }
  };
}

Ended build_targets(const Places& places, const std::vector<std::string>& targets, const Building& building) {
  const std::string cmake = cache_value(places, "CMAKE_COMMAND");
  const std::string processors = std::to_string(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::string> build = {cmake,        "--build",  places.build.string(),
                                    "--parallel", processors, "--target"};
  build.insert(build.end(), targets.begin(), targets.end());
  // The log is read by its words, so they must be English ones, and without colour.
  const Limits limits{
      .kept = log_bytes,
      .environment = {"LC_ALL=C", "CLICOLOR_FORCE=0", "GCC_COLORS=", "MAKEFLAGS=", "NINJA_STATUS=[%f/%t] "},
      .heard = percent_of(building.at_percent)};
  Ended ended = run_process(build, limits, building.stop);
  if (ended.how == Ended::How::not_started)
    throw Environment(tr("{1} cannot be run ({2}). Is CMake still installed? To find out: {3}", cmake,
                         std::strerror(ended.number), command("doctor")));
  return ended;
}

std::optional<Verdict> judge(const Places& places, const Entry& entry, const std::string& source,
                             const Watching& watching) {
  const auto step = [&](Step s) {
    if (watching.at_step) watching.at_step(s);
  };
  bool said = false;
  const FileLock lock(places.judged() / ".lock", [&] {
    if (!said) step(Step::waiting);
    said = true;
    return watching.stop && watching.stop();
  });
  if (!lock.held()) return std::nullopt;

  const std::string shown = places.shown(entry.file(places)), text = judged_text(shown, source);
  const fs::path snapshot = places.judged() / (entry.id + ".cpp");
  if (!fs::exists(snapshot) || read_text(snapshot) != text) write_text(snapshot, text);

  Verdict verdict;
  bool stopped = false;
  step(is_prepared(places, entry) ? Step::compiling : Step::preparing);
  if (!compile(places, entry, shown, watching, verdict, stopped))
    return stopped ? std::nullopt : std::optional(verdict);

  step(Step::running);
  const fs::path result = places.judged() / (entry.id + ".result"),
                 program = places.build / "lessons" / ("ex_" + entry.id);
  fs::remove(result);
  const Ended ended =
      run_process({program.string(), "--result", result.string()},
                  {.seconds = time_limit(), .endless = endless_output, .confined = true}, watching.stop);
  if (ended.how == Ended::How::stopped) return std::nullopt;
  if (ended.how == Ended::How::not_started)
    throw Environment(concat("[heed] ", program.string(), ": ", std::strerror(ended.number)));
  read_result(entry, ended, fs::exists(result) ? read_text(result) : "", time_limit(), verdict);
  fs::remove(result);
  return verdict;
}

bool prepare_checks(const Places& places, const std::vector<Entry>& entries, const Building& building) {
  const FileLock lock(
      places.judged() / ".lock", building.stop ? building.stop : [] { return false; });
  std::vector<std::string> targets = {"heed_exercise_check"};
  for (const Entry& entry : entries) targets.push_back("check_" + entry.id);
  return lock.held() && build_targets(places, targets, building).how != Ended::How::stopped;
}

}  // namespace heed::runner
