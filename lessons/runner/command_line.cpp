// The table of commands, their help texts, and the parser of the command line.
#include "lessons/runner/command_line.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "lessons/runner/commands.h"
#include "lessons/runner/json_object.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

// The maximum number of arguments of a command that passes its arguments to another program, and of
// one whose arguments are the words of a sentence.
constexpr std::size_t unlimited = 99, any_words = 1000;

// An option without a value sets `flag`, one with a value `value`.
struct Option {
  const char* name;
  bool Options::*flag;
  const char* summary;
  std::string Options::*value = nullptr;
  const char* argument = "";
};
const std::vector<Option> options = {
    {"--json", &Options::json, words("print one JSON object, for editors and scripts")},
    {"--plain", &Options::plain, words("no colour, no animation, no keys")},
    {"--raw", &Options::raw, words("also print the full compiler output")},
    {"--all", &Options::all, words("show all three hints")},
    {"--give-up", &Options::give_up, words("show it before you have passed (this is recorded)")},
    {"--mine", &Options::mine, words("use your own parts if they pass, ours otherwise")},
    {"--force", &Options::force, words("also replace edited exercises (backups are kept)")},
    {"--model", nullptr, words("a file that a lesson wrote with --save; by default the newest"),
     &Options::model, " FILE"},
    {"--layer", nullptr, words("only this layer, counted from 1"), &Options::layer, " N"},
    {"--head", nullptr, words("only this head, counted from 1"), &Options::head, " N"},
    {"--svg", nullptr, words("write a figure FILE.svg, or a folder with one per head"), &Options::svg,
     " PATH"},
};

const Option* option_named(const std::string& name) {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const Option& o) { return name == o.name; });
  return found == options.end() ? nullptr : &*found;
}

const Command& command_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  const std::string near = nearest(name, names);
  throw UsageError(
      tr("Unknown command \"{1}\".", name) + " " +
      (near.empty() ? tr("For help, run: {1}", invocation("--help")) : tr("Did you mean {1}?", near)));
}

struct ParsedCommand {
  const Command* command = nullptr;
  Options options;
  std::vector<std::string> arguments;
  bool help = false;
  bool named = false;  // the command was named, not chosen by default
};

void set_language_named(const std::string& name) {
  if (name != "en" && name != "ko") throw UsageError(tr("--lang: expected en or ko, got \"{1}\"", name));
  set_language(name == "ko" ? Language::korean : Language::english);
}

// Throws UsageError unless the command accepts all options and arguments.
void check_accepted(const ParsedCommand& parsed, const std::vector<const Option*>& used_options) {
  const Command& command = *parsed.command;
  for (const Option* option : used_options) {
    const bool accepted =
        std::find(command.options.begin(), command.options.end(), option->name) != command.options.end();
    if (!accepted && std::string(option->name) != "--plain")
      throw UsageError(tr("{1} does not accept {2}. For its options: {3}", command.name, option->name,
                          invocation(command.name + " --help")));
  }
  const std::size_t n = parsed.arguments.size();
  if (!parsed.help && (n < command.min_arguments || n > command.max_arguments))
    throw UsageError(tr("Usage: {1}", invocation(command.name + " " + command.arguments)));
}

ParsedCommand parse(const std::vector<std::string>& words) {
  ParsedCommand parsed;
  std::vector<const Option*> used_options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    // All words after `lesson NN` and `milestone NN` are arguments of that program.
    const bool passed_on = parsed.command && parsed.command->max_arguments == unlimited &&
                           !parsed.arguments.empty() && word != "--mine";
    if (passed_on || (parsed.command && !starts_with(word, "-"))) {
      parsed.arguments.push_back(word);
    } else if (word == "--help" || word == "-h") {
      parsed.help = true;
    } else if (word == "--lang") {
      ++i;
      set_language_named(i < words.size() ? words[i] : "");
    } else if (starts_with(word, "--lang=")) {
      set_language_named(word.substr(7));
    } else if (const Option* option = option_named(word)) {
      const bool is_last = i + 1 == words.size();
      if (option->value && (is_last || words[i + 1].empty()))
        throw UsageError(tr("{1}: expected a value", word));
      if (option->value)
        parsed.options.*(option->value) = words[++i];
      else
        parsed.options.*(option->flag) = true;
      used_options.push_back(option);
    } else if (starts_with(word, "-")) {
      throw UsageError(tr("Unknown option {1}.", word) + " " +
                       tr("For help, run: {1}", invocation("--help")));
    } else {
      parsed.command = &command_named(word);
      parsed.named = true;
    }
  }
  if (!parsed.command) parsed.command = &command_named("watch");
  check_accepted(parsed, used_options);
  return parsed;
}

// Prints an error to standard error or, with --json, as a JSON object to standard output. Returns
// `status`.
int fail_with(const std::string& error, int status, bool json) {
  if (json)
    std::cout << JsonObject().add("error", printable(error)).add("status", status).text() << "\n";
  else
    std::cerr << error << "\n";
  return status;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<std::string> none, json = {"--json"}, give_up = {"--give-up"};
  static const std::vector<Command> all = {
      {"watch", "[ID]", 0, 1, none, words("judge an exercise at every save; the default command"), watch},
      {"list", "", 0, 0, json, words("list all exercises with state, minutes and difficulty"), list},
      {"run",
       "[ID]",
       0,
       1,
       {"--json", "--raw"},
       words("judge one exercise; by default the current one"),
       run},
      {"check-all", "", 0, 0, json, words("judge all exercises"), check_all},
      {"hint", "[ID]", 0, 1, {"--json", "--all"}, words("show a hint; repeat for a deeper one"), hint},
      {"explain", "MH-02", 1, 1, json, words("explain a mistake: what, why, where it was seen"), explain},
      {"reset", "ID", 1, 1, none, words("restore the stub; your file is backed up"), reset_file},
      {"solution", "ID", 1, 1, give_up, words("show our solution, once you have passed"), solution},
      {"diff", "ID", 1, 1, give_up, words("compare your code with ours, once you have passed"), show_diff},
      {"lesson", "NN [options]", 1, unlimited, none, words("run a lesson; options are passed to it"), lesson},
      {"milestone",
       "NN [options]",
       1,
       unlimited,
       {"--mine"},
       words("run a model built from the exercises"),
       milestone},
      {"look",
       "\"SENTENCE\"",
       1,
       any_words,
       {"--model", "--layer", "--head", "--svg"},
       words("show the attention weights of a saved model"),
       show_attention},
      {"doctor", "", 0, 0, json, words("check this machine and suggest fixes"), doctor},
      {"generate", "", 0, 0, {"--force"}, words("update generated files (for course authors)"), generate},
  };
  return all;
}

std::string help() {
  std::string text = wrapped(tr("heed judges your solutions to the exercises and names your mistakes. Run it "
                                "without a command to "
                                "start, or to continue with the current exercise."),
                             80) +
                     "\n" + tr("Usage: {1}", invocation("[COMMAND] [options]")) + "\n\n";
  for (const Command& command : commands())
    text += "  " + lessons::cells({command.name + " " + command.arguments, tr(command.summary)}, {-24, -1}) +
            "\n";
  text += "\n" +
          wrapped(tr("An ID may be abbreviated as long as it is unique: sdpa for 02_sdpa. Without an ID, a "
                     "command uses the first exercise that has not passed yet. Every command accepts --plain "
                     "(no colour, no animation) and --lang en or --lang ko. For the options of one command: "
                     "{1}",
                     invocation("COMMAND --help")),
                  80);
  text +=
      "\n" +
      wrapped(tr("Exit status: 0 success, 1 an exercise does not pass, 2 invalid command line, 3 a problem "
                 "with the machine or the course files."),
              80);
  return text;
}

std::string help(const Command& command) {
  std::string text = tr("Usage: {1}", invocation(command.name + " " + command.arguments)) + "\n\n" +
                     wrapped(tr(command.summary), 80) + "\n";
  std::vector<std::string> names = command.options;
  names.push_back("--plain");
  for (const std::string& name : names) {
    const Option& option = *option_named(name);
    text += "  " + lessons::cells({name + option.argument, tr(option.summary)}, {-14, -1}) + "\n";
  }
  return text;
}

int run_command_line(const std::vector<std::string>& words) {
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  try {
    set_language(language_of_environment());
    const ParsedCommand parsed = parse(words);
    if (parsed.options.plain || parsed.options.json) setenv("NO_COLOR", "1", 1);
    if (parsed.help) {
      std::cout << (parsed.named ? help(*parsed.command) : help());
      return exit_passed;
    }
    const Paths paths = Paths::here();
    Session session{paths, read_catalog(paths.lessons()), Progress(paths), parsed.options, parsed.arguments};
    for (const std::string& error : session.catalog.errors) std::cerr << error << "\n";
    for (const std::string& warning : session.progress.warnings()) std::cerr << warning << "\n";
    return parsed.command->run(session);
  } catch (const UsageError& error) {
    return fail_with(error.what(), exit_usage, json);
  } catch (const std::exception& error) {
    return fail_with(error.what(), exit_environment, json);
  }
}

}  // namespace heed::runner
