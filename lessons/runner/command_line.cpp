// The table of verbs, their help, and the way from a command line to one of them.
#include "lessons/runner/command_line.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "lessons/runner/json_object.h"
#include "lessons/runner/messages.h"
#include "lessons/runner/text.h"
#include "lessons/runner/verbs.h"
#include "lessons/support/terminal.h"

namespace heed::runner {

namespace {

constexpr std::size_t passed_on = 99;  // arguments of a verb that hands them on to another program

struct Option {
  const char* name;
  bool Options::*set;
  const char* summary;
};
const std::vector<Option> options = {
    {"--json", &Options::json, words("one JSON object on standard output, for editors and scripts")},
    {"--plain", &Options::plain, words("no colour, nothing that moves, no keys")},
    {"--raw", &Options::raw, words("all that the compiler said")},
    {"--all", &Options::all, words("all three hints")},
    {"--give-up", &Options::give_up, words("shows it before it has passed; that is recorded")},
    {"--mine", &Options::mine, words("with your own parts where they pass, ours elsewhere")},
};

const Option* option_called(const std::string& name) {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const Option& o) { return name == o.name; });
  return found == options.end() ? nullptr : &*found;
}

const Verb& verb_called(const std::string& name) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) {
    if (verb.name == name) return verb;
    names.push_back(verb.name);
  }
  const std::string near = nearest(name, names);
  throw Usage(tr("There is no verb \"{1}\".", name) + " " +
              (near.empty() ? tr("{1} lists them.", command("--help")) : tr("Did you mean {1}?", near)));
}

// What the command line asks for.
struct Asked {
  const Verb* verb = nullptr;  // null: to watch
  Options options;
  std::vector<std::string> arguments;
  bool help = false;
};

void set_language_called(const std::string& name) {
  if (name != "en" && name != "ko") throw Usage(tr("--lang wants en or ko, got \"{1}\"", name));
  set_language(name == "ko" ? Language::korean : Language::english);
}

Asked parse(const std::vector<std::string>& words) {
  Asked asked;
  std::vector<const Option*> given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    // What comes after `lesson NN` and `milestone NN` belongs to that program.
    const bool handed_on =
        asked.verb && asked.verb->most == passed_on && !asked.arguments.empty() && word != "--mine";
    if (handed_on || (asked.verb && !starts_with(word, "-"))) {
      asked.arguments.push_back(word);
    } else if (word == "--help" || word == "-h") {
      asked.help = true;
    } else if (word == "--lang") {
      if (++i == words.size()) throw Usage(tr("--lang wants en or ko, got \"{1}\"", ""));
      set_language_called(words[i]);
    } else if (starts_with(word, "--lang=")) {
      set_language_called(word.substr(7));
    } else if (const Option* option = option_called(word)) {
      asked.options.*(option->set) = true;
      given.push_back(option);
    } else if (starts_with(word, "-")) {
      throw Usage(tr("There is no option {1}.", word) + " " + tr("{1} lists them.", command("--help")));
    } else {
      asked.verb = &verb_called(word);
    }
  }
  if (!asked.verb) asked.verb = &verb_called("watch");
  const Verb& verb = *asked.verb;
  for (const Option* option : given)
    if (std::string(option->name) != "--plain" &&
        std::find(verb.options.begin(), verb.options.end(), option->name) == verb.options.end())
      throw Usage(
          tr("{1} has no use for {2}; it has: {3}", verb.name, option->name, command(verb.name + " --help")));
  if (!asked.help && (asked.arguments.size() < verb.least || asked.arguments.size() > verb.most))
    throw Usage(tr("It is: {1}", command(verb.name + " " + verb.arguments)));
  return asked;
}

bool wants_json(const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), "--json") != words.end();
}

// Errors go to standard error for people; a program that asked for JSON gets one object all the same.
int fail_with(const std::string& what, int status, bool json) {
  if (json)
    std::cout << JsonObject().add("error", printable(what)).add("status", status).text() << "\n";
  else
    std::cerr << what << "\n";
  return status;
}

}  // namespace

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {
      {"watch", "[ID]", 0, 1, {}, words("judges an exercise at every save; also without a verb"), watch},
      {"list", "", 0, 0, {"--json"}, words("every exercise: what came of it, minutes, difficulty"), list},
      {"run",
       "[ID]",
       0,
       1,
       {"--json", "--raw"},
       words("judges one exercise, the current one by default"),
       run},
      {"check-all", "", 0, 0, {"--json"}, words("judges all of them"), check_all},
      {"hint", "[ID]", 0, 1, {"--json", "--all"}, words("a hint; again goes deeper"), hint},
      {"explain",
       "MH-02",
       1,
       1,
       {"--json"},
       words("a mistake's page: what, why, where it has happened"),
       explain},
      {"reset", "ID", 1, 1, {}, words("back to the stub; your file goes to the backups"), reset_file},
      {"solution", "ID", 1, 1, {"--give-up"}, words("our solution, once yours has passed"), solution},
      {"diff", "ID", 1, 1, {"--give-up"}, words("yours against ours, once yours has passed"), show_diff},
      {"lesson", "NN [options]", 1, passed_on, {}, words("runs a lesson; options go to it"), lesson},
      {"milestone",
       "NN [options]",
       1,
       passed_on,
       {"--mine"},
       words("a lesson's model, built from the exercises' parts"),
       milestone},
      {"doctor", "", 0, 0, {"--json"}, words("is this machine ready? Each line is OK or the fix"), doctor},
  };
  return all;
}

std::string help() {
  std::string text =
      tr("heed: exercises that name your mistake.") + "  " + command("[VERB] [options]") + "\n\n";
  for (const Verb& verb : verbs())
    text +=
        "  " +
        lessons::cells({verb.name + " " + verb.arguments, verb.summary ? tr(verb.summary) : ""}, {-24, -1}) +
        "\n";
  text +=
      "\n" +
      wrapped(
          tr("An ID may be shortened while it stays clear (sdpa for 02_sdpa); without one it is the first "
             "exercise that has not passed. --plain: no colour, nothing that moves. --lang en or ko. "
             "{1} tells more of one verb.",
             command("VERB --help")),
          80);
  text +=
      "\n" +
      wrapped(
          tr("Exit status: 0 all that was asked for passes, 1 not, 2 a wrong command line, 3 the machine or "
             "the course is at fault."),
          80);
  return text;
}

std::string help(const Verb& verb) {
  std::string text = command(verb.name + " " + verb.arguments) + "\n\n" + wrapped(tr(verb.summary), 80);
  std::vector<std::string> names = verb.options;
  names.push_back("--plain");
  text += "\n";
  for (const std::string& name : names)
    text += "  " + lessons::cells({name, tr(option_called(name)->summary)}, {-14, -1}) + "\n";
  return text;
}

int run_command_line(const std::vector<std::string>& words) {
  const bool json = wants_json(words);
  try {
    set_language(language_of_environment());
    const Asked asked = parse(words);
    if (asked.options.plain || asked.options.json) setenv("NO_COLOR", "1", 1);
    if (asked.help) {
      const bool all = std::none_of(words.begin(), words.end(),
                                    [&](const std::string& w) { return w == asked.verb->name; });
      std::cout << (all ? help() : help(*asked.verb));
      return all_pass;
    }
    const Places places = Places::here();
    Session session{places, read_catalog(places.lessons()), Progress(places), asked.options, asked.arguments};
    for (const std::string& fault : session.catalog.faults) std::cerr << fault << "\n";
    for (const std::string& complaint : session.progress.complaints()) std::cerr << complaint << "\n";
    return asked.verb->act(session);
  } catch (const Usage& error) {
    return fail_with(error.what(), usage_error, json);
  } catch (const std::exception& error) {  // Environment, and what nobody foresaw
    return fail_with(error.what(), environment_error, json);
  }
}

}  // namespace heed::runner
