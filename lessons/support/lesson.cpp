#include "lessons/support/lesson.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "lessons/support/svg.h"
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
    } else if (option == "--threads") {
      options.threads = parse_small_integer(option, value());
    } else if (option == "--figures") {
      options.figures = value();
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
    const auto options = parse(argc, argv, about);
    if (!options) {
      std::cout << help(about);
      return 0;
    }
    if (options->threads > 0) set_num_threads(options->threads);
    if (!options->figures.empty()) make_figures_folder(options->figures);
    if (!options->save.empty()) check_can_save(options->save);
    Page page(about, options->claims);
    body(*options, page);
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

Page::Page(const About& about, const std::string& claims) : program_(about.program), claims_(claims) {
  std::cout << "\n" << bold(about.title) << "\n";
}

void Page::step(const std::string& heading) {
  const std::string line = concat(++steps_, " · ", heading);
  std::cout << "\n" << bold(line) << "\n";
  for (std::size_t i = 0; i < columns(line); ++i) std::cout << "─";
  std::cout << "\n";
}

void Page::say(const std::string& text) { std::cout << wrapped(text, "", ""); }

void Page::shape(const std::string& name, const Shape& shape, const std::string& meaning) {
  const std::string start = "  " + padded(name, 16) + padded(to_string(shape), 17);
  std::cout << wrapped(meaning, start, std::string(columns(start), ' '));
}

void Page::print(const std::string& block) { std::cout << block << (block.ends_with('\n') ? "" : "\n"); }

void Page::claim(const std::string& claim, const std::string& measured, bool holds) {
  failed_ += !holds;
  std::cout << wrapped(concat(claim, " — ", measured, " — ", holds ? "holds" : "does not hold"),
                       holds ? "  ✓ " : "  ✗ ", "    ");
  if (claims_.empty()) return;
  std::ofstream file(claims_, std::ios::app);
  file << program_ << '\t' << claim << '\t' << measured << '\t' << (holds ? "holds" : "does not hold")
       << '\n';
  file.flush();
  check(file.good(), "claims", "cannot write to ", claims_);
}

std::string fixed(double x, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, x);
  return text;
}

std::string scientific(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", x);
  return text;
}

std::string percent(double fraction, int decimals) { return fixed(100 * fraction, decimals) + " %"; }

}  // namespace heed::lessons
