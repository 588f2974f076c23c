#include "lessons/runner/progress.h"

#include <algorithm>
#include <optional>

#include "lessons/runner/file_lock.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"

namespace heed::runner {

namespace {

bool all_of(const std::string& text, const char* characters) {
  return text.find_first_not_of(characters) == std::string::npos;
}

// Whether the text has the form "2024-05-01T09:30:00".
bool is_time(const std::string& text) {
  const std::string form = "dddd-dd-ddTdd:dd:dd";
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char f) {
           return f == 'd' ? c >= '0' && c <= '9' : c == f;
         });
}

// Returns false if the key is unknown or the value invalid.
bool set_field(const std::string& key, const std::string& value, Record& record) {
  if (key == "state") {
    const std::optional<State> state = state_of(value);
    if (state) record.state = *state;
    return state.has_value();
  }
  if (key == "passed") {
    record.passed = value;
    return is_time(value);
  }
  if (key == "hints") {
    if (value.size() != 1 || value[0] < '0' || value[0] > '3') return false;
    record.hints = value[0] - '0';
    return true;
  }
  if (key == "gave_up") {
    record.gave_up = value == "yes";
    return value == "yes" || value == "no";
  }
  if (key == "file") {
    record.file = value;
    return value.size() == 16 && all_of(value, "0123456789abcdef");
  }
  return false;
}

// The id and the record of one line, or nothing if it cannot be parsed.
std::optional<std::pair<std::string, Record>> parse(const std::string& line) {
  const std::vector<std::string> words = words_of(line);
  if (!all_of(words[0], "abcdefghijklmnopqrstuvwxyz0123456789_") || words.size() < 2) return std::nullopt;
  Record record;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos ||
        !set_field(words[i].substr(0, equals), words[i].substr(equals + 1), record))
      return std::nullopt;
  }
  return std::pair{words[0], record};
}

}  // namespace

Progress::Progress(const Paths& paths) : paths_(paths), path_(paths.state / "progress") { read(); }

void Progress::read() {
  records_.clear();
  warnings_.clear();
  if (!fs::exists(path_)) return;
  const std::string text = read_text(path_);
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (trimmed(line).empty() || line[0] == '#') continue;
    const auto parsed = parse(line);
    if (parsed && records_.insert(*parsed).second) continue;
    damaged_ = text;
    warnings_.push_back(
        concat(paths_.display(path_), ":", number, ": ",
               tr("skipped a line that could not be read: {1}", shortened(printable(line), 80))));
  }
}

Record Progress::of(const std::string& id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? Record{} : found->second;
}

void Progress::update(const std::string& id, const std::function<void(Record&)>& change) {
  const FileLock lock(paths_.state / ".lock");
  read();
  change(records_[id]);
  write();
}

void Progress::write() {
  if (!damaged_.empty()) {
    back_up(paths_, "progress", ".txt", damaged_);
    damaged_.clear();
  }
  std::string text =
      "# Your progress in the exercises. You may edit this file; heed reports lines that it cannot read.\n";
  for (const auto& [id, r] : records_) {
    text += concat(id, "  state=", name_of(r.state));
    if (!r.passed.empty()) text += "  passed=" + r.passed;
    text += concat("  hints=", r.hints, "  gave_up=", r.gave_up ? "yes" : "no");
    if (!r.file.empty()) text += "  file=" + r.file;
    text += '\n';
  }
  write_text(path_, text);
}

std::string fingerprint(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

}  // namespace heed::runner
