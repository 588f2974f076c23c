#include "lessons/support/lesson.h"

#include <algorithm>
#include <charconv>
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

struct Usage : Error {
  using Error::Error;
};

std::string help(const About& about) {
  std::ostringstream out;
  out << about.program << ": " << about.title << "\n\n"
      << "  --seed N        random seed (default 0)\n"
      << "  --seeds N       run with N seeds and print the mean and the range of each measurement\n"
      << "  --ask           ask for your prediction before each claim\n"
      << "  --threads N     number of threads (default: all processors)\n"
      << "  --quick         a run of a few seconds with the same steps; too short for good results\n"
      << "  --quiet         do not show progress\n"
      << "  --figures DIR   write the figures to DIR as SVG files\n";
  out << "  --claims FILE   append the claims and their measurements to FILE\n";
  if (about.trains) out << "  --epochs N      passes over the training data\n";
  if (about.saves) out << "  --save FILE     write the trained model to FILE (safetensors)\n";
  if (!about.data.empty()) out << "  --data PATH     " << about.data << "\n";
  for (const OwnOption& own : about.more) {
    const std::string name = own.name + " " + own.value;
    out << "  " << name << std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') << own.help << "\n";
  }
  out << "  --help          show this text\n";
  return out.str();
}

std::uint64_t parse_integer(const std::string& option, const std::string& text) {
  std::uint64_t value = 0;
  const char* stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, value);
  if (error != std::errc() || end != stop || text.empty())
    throw Usage(concat(option, ": expected a non-negative integer, got \"", text, "\""));
  return value;
}

int parse_small_integer(const std::string& option, const std::string& text, int low = 1) {
  const std::uint64_t value = parse_integer(option, text);
  if (value < static_cast<std::uint64_t>(low) || value > 1'000'000)
    throw Usage(concat(option, ": expected an integer from ", low, " to 1000000, got ", text));
  return static_cast<int>(value);
}

// Returns nothing for --help.
std::optional<Options> parse(int argc, char** argv, const About& about) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) throw Usage(option + ": expected a value");
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
    } else if (std::ranges::any_of(about.more, [&](const OwnOption& own) { return own.name == option; })) {
      options.more[option] = value();
    } else {
      throw Usage("unknown option " + option);
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

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t n = columns(text);
  return n < width ? text + std::string(width - n, ' ') : text;
}

}  // namespace

double Options::number(const std::string& option, double otherwise) const {
  const std::string text = value(option);
  if (text.empty()) return otherwise;
  double result = 0;
  const char* stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, result);
  if (error != std::errc() || end != stop)
    throw Usage(concat(option, ": expected a number, got \"", text, "\""));
  return result;
}

int Options::integer(const std::string& option, int otherwise, int low) const {
  return more.contains(option) ? parse_small_integer(option, value(option), low) : otherwise;
}

int run(int argc, char** argv, const About& about, const std::function<void(const Options&, Page&)>& body) {
  try {
    auto options = parse(argc, argv, about);
    if (!options) {
      std::cout << help(about);
      return 0;
    }
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
  } catch (const Usage& error) {
    std::cerr << about.program << ": " << error.what() << "\n\n" << help(about);
    return 2;
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << about.program << ": " << error.what() << "\n";
    return 1;
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
  if (options_.ask && runs_.size() == 1) ask(text, holds);
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

void Page::ask(const std::string& text, bool holds) {
  std::cout << wrapped(text, "  ? ", "    ") << "    Does this hold? [y/n, Enter to skip] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer) || answer.empty()) return;
  ++asked_;
  predicted_ += (answer[0] == 'y' || answer[0] == 'Y') == holds;
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
  if (asked_ > 0) std::cout << "\nYou predicted " << predicted_ << " of " << asked_ << " claims correctly.\n";
  if (options_.claims.empty()) return;
  std::ofstream file(options_.claims, std::ios::app);
  for (const auto& runs : by_claim())
    file << about_.program << '\t' << runs[0].id << '\t' << runs[0].text << '\t' << measured_over(runs)
         << '\t' << verdict_over(runs) << '\t' << seeds << '\t' << kernels::kernels<float>().isa << '\t'
         << kernels::cpu_name() << '\n';
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
