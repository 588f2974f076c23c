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

// "2024-05-01T09:30:00", not a part of one.
bool is_time(const std::string& text) {
  const std::string form = "dddd-dd-ddTdd:dd:dd";
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char f) {
           return f == 'd' ? c >= '0' && c <= '9' : c == f;
         });
}

bool set_field(const std::string& key, const std::string& value, Record& record) {
  if (key == "state") {
    const std::optional<State> state = state_of(value);
    if (state) record.state = *state;
    return state.has_value();
  }
  if (key == "passed") return is_time(record.passed = value);
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

// The record of one line, or nothing where it is not understood.
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

Progress::Progress(const Places& places) : places_(places), path_(places.state / "progress") { read(); }

void Progress::read() {
  records_.clear();
  complaints_.clear();
  if (!fs::exists(path_)) return;
  const std::string text = read_text(path_);
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (trimmed(line).empty() || line[0] == '#') continue;
    const auto parsed = parse(line);
    if (parsed && records_.insert(*parsed).second) continue;
    damaged_ = text;
    complaints_.push_back(concat(places_.shown(path_), ":", number, ": ",
                                 tr("not understood and skipped: {1}", shortened(printable(line), 80))));
  }
}

Record Progress::of(const std::string& id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? Record{} : found->second;
}

void Progress::update(const std::string& id, const std::function<void(Record&)>& change) {
  const FileLock lock(places_.state / ".lock");
  read();
  change(records_[id]);
  write();
}

void Progress::write() {
  if (!damaged_.empty()) {
    back_up(places_, "progress", ".txt", damaged_);
    damaged_.clear();
  }
  std::string text =
      "# What heed remembers of your exercises. You may edit it; heed names the lines it cannot read.\n";
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
