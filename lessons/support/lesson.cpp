#include "lessons/support/lesson.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "autograd/kernels/isa.h"
#include "autograd/kernels/kernels.h"
#include "lessons/support/terminal.h"

namespace heed::lessons {

namespace {

constexpr int page_width = 78;

// Wraps words to the width of the page. The first line begins with `start`, the others with `rest`.
std::string wrapped(const std::string& text, const std::string& start, const std::string& rest) {
  std::istringstream words(text);
  std::string out, line = start;
  bool empty = true;
  for (std::string word; words >> word; empty = false) {
    if (!empty && columns(line) + 1 + columns(word) > page_width) {
      out += line + "\n";
      line = rest;
      empty = true;
    }
    line += (empty ? "" : " ") + word;
  }
  return out + line + "\n";
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t n = columns(text);
  return n < width ? text + std::string(width - n, ' ') : text;
}

std::string help(const About& about) {
  std::vector<OwnOption> all = {
      {"--seed", "N", "random seed (default 0)"},
      {"--seeds", "N", "run with N seeds and print the mean and the range of each measurement"},
      {"--ask", "", "ask for your prediction before each claim"},
      {"--threads", "N", "number of threads (default: all processors)"},
      {"--quick", "", "a run of a few seconds with the same steps; too short for good results"},
      {"--quiet", "", "do not show progress"},
      {"--figures", "DIR", "write the figures to DIR as SVG files"},
      {"--claims", "FILE", "append the claims and their measurements to FILE"}};
  if (about.trains) all.push_back({"--epochs", "N", "passes over the training data"});
  if (about.saves) all.push_back({"--save", "FILE", "write the trained model to FILE (safetensors)"});
  if (!about.data.empty()) all.push_back({"--data", "PATH", about.data});
  all.insert(all.end(), about.more.begin(), about.more.end());
  all.push_back({"--help", "", "show this text"});
  std::string text = about.program + ": " + about.title + "\n\n";
  for (const OwnOption& option : all) {
    const std::string name = option.name + (option.value.empty() ? "" : " ") + option.value;
    constexpr std::size_t column = 20;
    if (name.size() + 2 < column)
      text += wrapped(option.help, "  " + padded(name, column - 2), std::string(column, ' '));
    else
      text += "  " + name + "\n" + wrapped(option.help, std::string(column, ' '), std::string(column, ' '));
  }
  return text;
}

std::uint64_t parse_integer(const std::string& option, const std::string& text) {
  std::uint64_t value = 0;
  const char* stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, value);
  if (error != std::errc() || end != stop || text.empty())
    throw UsageError(concat(option, ": expected a non-negative integer, got \"", text, "\""));
  return value;
}

int parse_small_integer(const std::string& option, const std::string& text, int low = 1,
                        int high = 1'000'000) {
  const std::uint64_t value = parse_integer(option, text);
  if (value < static_cast<std::uint64_t>(low) || value > static_cast<std::uint64_t>(high))
    throw UsageError(concat(option, ": expected an integer from ", low, " to ", high, ", got ", text));
  return static_cast<int>(value);
}

// "none, sinusoidal or learned" for "none|sinusoidal|learned".
std::string in_words(std::string choices) {
  if (const std::size_t last = choices.rfind('|'); last != std::string::npos)
    choices.replace(last, 1, " or ");
  for (std::size_t i = choices.find('|'); i != std::string::npos; i = choices.find('|'))
    choices.replace(i, 1, ", ");
  return choices;
}

double parse_number(const std::string& option, const std::string& text) {
  double value = 0;
  const char* stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, value);
  if (error != std::errc() || end != stop || !std::isfinite(value))
    throw UsageError(concat(option, ": expected a number, got \"", text, "\""));
  return value;
}

// Throws UsageError if the option does not accept this value.
void check_value(const OwnOption& own, const std::string& text) {
  if (own.value.find('|') != std::string::npos) {
    const bool listed = !text.empty() && text.find('|') == std::string::npos &&
                        ("|" + own.value + "|").find("|" + text + "|") != std::string::npos;
    if (!listed)
      throw UsageError(concat(own.name, ": expected ", in_words(own.value), ", got \"", text, "\""));
  }
  if (own.value != "N" && own.value != "X") return;
  const bool integer = own.value == "N";
  const double value =
      integer ? static_cast<double>(parse_integer(own.name, text)) : parse_number(own.name, text);
  const char* kind = integer ? "an integer" : "a number";
  if (std::isfinite(own.high) && (value < own.low || value > own.high))
    throw UsageError(
        concat(own.name, ": expected ", kind, " from ", own.low, " to ", own.high, ", got ", text));
  if (value < own.low)
    throw UsageError(concat(own.name, ": expected ", kind, " of at least ", own.low, ", got ", text));
}

// Returns nothing for --help.
std::optional<Options> parse(int argc, char** argv, const About& about) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) throw UsageError(option + ": expected a value");
      return argv[++i];
    };
    if (option == "--help" || option == "-h") return std::nullopt;
    if (option == "--quick") {
      options.quick = true;
    } else if (option == "--quiet") {
      options.quiet = true;
    } else if (option == "--seed") {
      options.seed = parse_integer(option, value());
    } else if (option == "--seeds") {
      options.seeds = parse_small_integer(option, value());
    } else if (option == "--ask") {
      options.ask = true;
    } else if (option == "--threads") {
      options.threads = parse_small_integer(option, value());
    } else if (option == "--figures") {
      options.figures.path = value();
    } else if (option == "--data" && !about.data.empty()) {
      options.data = value();
    } else if (option == "--epochs" && about.trains) {
      options.epochs = parse_small_integer(option, value());
    } else if (option == "--claims") {
      options.claims = value();
    } else if (option == "--save" && about.saves) {
      options.save = value();
    } else {
      const auto own = std::ranges::find(about.more, option, &OwnOption::name);
      if (own == about.more.end()) throw UsageError("unknown option " + option);
      options.more[option] = own->value.empty() ? "yes" : value();
      check_value(*own, options.more[option]);
    }
  }
  return options;
}

// Checks before a long training that the model can be saved.
void check_can_save(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const bool is_folder = std::filesystem::is_directory(path);
  check(!is_folder && can_write_into(folder.empty() ? "." : folder.string()), "save",
        "cannot create the file ", path, ". Hint: --save expects a file in an existing, writable folder");
}

// Discards what is written to a stream while it lives.
class Muted {
 public:
  explicit Muted(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(&nothing_)) {}
  ~Muted() { stream_.rdbuf(before_); }
  Muted(const Muted&) = delete;
  Muted& operator=(const Muted&) = delete;

 private:
  struct Nothing : std::streambuf {
    int overflow(int c) override { return c == EOF ? 0 : c; }
  };
  Nothing nothing_;
  std::ostream& stream_;
  std::streambuf* before_;
};

// The options of run n: the next seed, without files.
Options with_seed(Options options, int n) {
  options.seed += static_cast<std::uint64_t>(n);
  options.figures = {};
  options.save.clear();
  options.quiet = true;
  return options;
}

}  // namespace

double Options::number(const std::string& option, double otherwise) const {
  return has(option) ? parse_number(option, value(option)) : otherwise;
}

int Options::integer(const std::string& option, int otherwise, int low, int high) const {
  return has(option) ? parse_small_integer(option, value(option), low, high) : otherwise;
}

int run(int argc, char** argv, const About& about, const std::function<void(const Options&, Page&)>& body) {
  std::optional<Options> options;
  try {
    options = parse(argc, argv, about);
  } catch (const UsageError& error) {
    std::cerr << about.program << ": " << error.what() << "\n\n" << help(about);
    return 2;
  }
  if (!options) {
    std::cout << help(about);
    return 0;
  }
  try {
    if (options->threads > 0) set_num_threads(options->threads);
    if (!options->figures.empty()) {
      make_figures_folder(options->figures.path);
      options->figures.source = concat("seed ", options->seed, ", ", kernels::kernels<float>().isa);
    }
    if (!options->save.empty()) check_can_save(options->save);
    Page page(about, *options);
    body(*options, page);
    for (int n = 1; n < options->seeds; ++n) {
      if (!options->quiet) std::cerr << "seed " << n + 1 << " of " << options->seeds << "\n";
      const Muted muted(std::cout);
      page.next_run();
      body(with_seed(*options, n), page);
    }
    page.finish();
    std::cout.flush();
    check(std::cout.good(), "output", "cannot write to standard output. Hint: is the disk full?");
    return 0;
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << about.program << ": " << error.what() << "\n";
    if (dynamic_cast<const ModelFileError*>(&error)) return 3;
    return dynamic_cast<const UsageError*>(&error) ? 2 : 1;
  }
}

Page::Page(const About& about, const Options& options) : about_(about), options_(options), runs_(1) {
  std::cout << "\n" << bold(about.title) << "\n";
}

void Page::step(const std::string& heading) {
  const std::string line = concat(++steps_, " · ", heading);
  std::cout << "\n" << bold(line) << "\n";
  for (std::size_t i = 0; i < columns(line); ++i) std::cout << "─";
  std::cout << std::endl;  // flushes, so that the step is shown before it runs
}

void Page::say(const std::string& text) { std::cout << wrapped(text, "", ""); }

void Page::shape(const std::string& name, const Shape& shape, const std::string& meaning) {
  const std::string start = "  " + padded(name, 16) + padded(to_string(shape), 17);
  std::cout << wrapped(meaning, start, std::string(columns(start), ' '));
}

void Page::print(const std::string& block) { std::cout << block << (block.ends_with('\n') ? "" : "\n"); }

void Page::claim(const std::string& id, const std::string& text, const Measurement& measured, bool holds) {
  if (options_.ask && runs_.size() == 1) ask(id, text);
  add({id, text, measured, holds ? Verdict::holds : Verdict::does_not_hold});
}

void Page::identity(const std::string& id, const std::string& text, const Measurement& measured, bool holds) {
  add({id, text, measured, holds ? Verdict::by_construction : Verdict::does_not_hold});
}

void Page::not_measured(const std::string& id, const std::string& text, const std::string& reason) {
  add({id, text, {reason}, Verdict::not_measured});
}

void Page::add(Claim claim) {
  std::vector<Claim>& run = runs_.back();
  check(std::ranges::find(run, claim.id, &Claim::id) == run.end(), "claim", "expected each id once, got ",
        claim.id);
  const bool good = claim.verdict == Verdict::holds || claim.verdict == Verdict::by_construction;
  const char* mark = claim.verdict == Verdict::not_measured ? "  ? " : good ? "  ✓ " : "  ✗ ";
  std::cout << wrapped(concat(claim.text, " — ", to_string(claim.measured), " — ", to_string(claim.verdict)),
                       mark, "    ");
  run.push_back(std::move(claim));
}

// Asks until the answer is yes or no, or the question is skipped. After the last answer of the input,
// nothing is asked.
void Page::ask(const std::string& id, const std::string& text) {
  while (answers_.more()) {
    std::cout << wrapped(text, "  ? ", "    ") << "    Does this hold? [y/n, Enter to skip] " << std::flush;
    const std::optional<std::string> line = answers_.next();
    if (!line) std::cout << "\n    No answer can be read, so nothing more is asked.\n";
    if (!line || line->empty()) return;
    if (const std::optional<bool> answer = yes_or_no(*line)) {
      predictions_[id] = *answer;
      return;
    }
    std::cout << "    expected y or n, got \"" << *line << "\"\n";
  }
}

void Page::print_predictions() const {
  if (predictions_.empty()) return;
  std::cout << "\n" << bold("Your predictions") << "\n";
  std::size_t correct = 0;
  for (const Claim& claim : runs_.front()) {
    if (!predictions_.contains(claim.id)) continue;
    const bool predicted = predictions_.at(claim.id), right = predicted == (claim.verdict == Verdict::holds);
    correct += right;
    std::cout << wrapped(concat(claim.text, " — ", to_string(claim.verdict), "; you predicted that it ",
                                predicted ? "holds" : "does not hold"),
                         right ? "  ✓ " : "  ✗ ", "    ");
  }
  std::cout << "You predicted " << correct << " of " << predictions_.size() << " claims correctly.\n";
}

void Page::next_run() {
  runs_.emplace_back();
  steps_ = 0;
}

// The runs of each claim, in the order of the first run.
std::vector<std::vector<Claim>> Page::by_claim() const {
  std::vector<std::vector<Claim>> result;
  for (const Claim& first : runs_.front()) {
    std::vector<Claim> same;
    for (const auto& run : runs_)
      if (const auto found = std::ranges::find(run, first.id, &Claim::id); found != run.end())
        same.push_back(*found);
    check(same.size() == runs_.size(), "claim", "expected ", first.id, " for every seed");
    result.push_back(std::move(same));
  }
  return result;
}

void Page::finish() {
  const auto last = options_.seed + static_cast<std::uint64_t>(options_.seeds) - 1;
  const std::string seeds = options_.seeds == 1 ? concat(options_.seed) : concat(options_.seed, " to ", last);
  if (options_.seeds > 1) {
    step(concat("All claims, seeds ", seeds));
    for (const auto& runs : by_claim())
      std::cout << wrapped(concat(runs[0].text, " — ", measured_over(runs), " — ", verdict_over(runs)),
                           "  · ", "    ");
  }
  print_predictions();
  if (options_.claims.empty()) return;
  std::ofstream file(options_.claims, std::ios::app);
  for (const auto& runs : by_claim()) {
    file << about_.program << '\t' << runs[0].id << '\t' << runs[0].text << '\t' << measured_over(runs)
         << '\t' << verdict_over(runs) << '\t' << seeds << '\t' << kernels::kernels<float>().isa << '\t'
         << kernels::cpu_name();
    const auto prediction = predictions_.find(runs[0].id);
    const bool predicted = prediction != predictions_.end();
    if (options_.ask) file << '\t' << (!predicted ? "" : prediction->second ? "holds" : "does not hold");
    file << '\n';
  }
  file.flush();
  check(file.good(), "claims", "cannot write to ", options_.claims);
}

std::string fixed(double x, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, x);
  const bool zero = std::strtod(text, nullptr) == 0;
  return zero && text[0] == '-' ? text + 1 : text;  // "0.00", not "-0.00"
}

std::string scientific(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", x);
  return text;
}

std::string percent(double fraction, int decimals) { return fixed(100 * fraction, decimals) + " %"; }

}  // namespace heed::lessons
