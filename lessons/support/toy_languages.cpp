// toy_languages.cpp — enumerates every sentence of a toy language, shuffles them and splits them.
#include "lessons/support/toy_languages.h"

#include <algorithm>
#include <utility>

#include "autograd/error.h"
#include "autograd/random.h"

namespace heed::toy {

std::string join(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Appends the words of a phrase, which are separated by single spaces. An empty phrase adds none.
static void append(Words& words, const std::string& phrase) {
  for (std::size_t begin = 0; begin < phrase.size();) {
    const std::size_t end = std::min(phrase.find(' ', begin), phrase.size());
    words.push_back(phrase.substr(begin, end - begin));
    begin = end + 1;
  }
}

// Splits the sentences into training and test set. Takes them from the groups in turn, so all
// groups are equally frequent; the groups of a language have similar sizes.
template <class T>
static Sentences<T> split(const char* op, std::vector<std::vector<T>> groups, const SentenceOptions& o) {
  check(o.train >= 0 && o.test >= 0, op, "expected train >= 0 and test >= 0, got ", o.train, " and ", o.test);
  Generator gen(o.seed);
  std::size_t smallest = groups[0].size();
  for (auto& group : groups) {
    gen.shuffle(group);
    smallest = std::min(smallest, group.size());
  }
  const auto available = static_cast<index_t>(smallest * groups.size());
  check(o.train <= available && o.test <= available - o.train, op, "expected at most ", available,
        " sentences, got train = ", o.train, " and test = ", o.test);
  Sentences<T> result;
  for (index_t i = 0; i < o.train + o.test; ++i) {
    auto& group = groups[static_cast<std::size_t>(i) % groups.size()];
    std::vector<T>& part = i < o.train ? result.train : result.test;
    part.push_back(std::move(group[static_cast<std::size_t>(i) / groups.size()]));
  }
  return result;
}

// ---- Korean and English -----------------------------------------------------------------------------------
namespace {

enum class Tense { past, present, future };
struct Subject {
  const char *korean, *english;
  bool third_person;
};
struct Verb {
  const char* korean[3];   // past, present, and the form before 것이다
  const char* english[4];  // past, present, present of the third person, base
  std::vector<std::pair<const char*, const char*>> objects;
  bool moves = false;  // its object is already a location
};
struct When {
  const char *korean, *english;
  Tense tense;
};

const Subject subjects[] = {{"나는", "I", false},
                            {"너는", "you", false},
                            {"우리는", "we", false},
                            {"그는", "he", true},
                            {"그녀는", "she", true},
                            {"민수는", "Minsu", true},
                            {"선생님은", "the teacher", true},
                            {"아이들은", "the children", false}};
const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list = {
      {{"읽었다", "읽는다", "읽을"},
       {"read", "read", "reads", "read"},
       {{"책을", "a book"}, {"편지를", "a letter"}, {"신문을", "a newspaper"}, {"이야기를", "a story"}}},
      {{"먹었다", "먹는다", "먹을"},
       {"ate", "eat", "eats", "eat"},
       {{"사과를", "an apple"}, {"빵을", "bread"}, {"밥을", "rice"}, {"국수를", "noodles"}}},
      {{"마셨다", "마신다", "마실"},
       {"drank", "drink", "drinks", "drink"},
       {{"물을", "water"}, {"커피를", "coffee"}, {"우유를", "milk"}, {"차를", "tea"}}},
      {{"썼다", "쓴다", "쓸"},
       {"wrote", "write", "writes", "write"},
       {{"편지를", "a letter"}, {"시를", "a poem"}, {"일기를", "a diary"}}},
      {{"그렸다", "그린다", "그릴"},
       {"drew", "draw", "draws", "draw"},
       {{"그림을", "a picture"}, {"고양이를", "a cat"}, {"집을", "a house"}}},
      {{"샀다", "산다", "살"},
       {"bought", "buy", "buys", "buy"},
       {{"꽃을", "flowers"}, {"모자를", "a hat"}, {"빵을", "bread"}, {"책을", "a book"}}},
      {{"갔다", "간다", "갈"},
       {"went", "go", "goes", "go"},
       {{"학교에", "to school"},
        {"시장에", "to the market"},
        {"바다에", "to the sea"},
        {"서울에", "to Seoul"}},
       true}};
  return list;
}
const When times[] = {{"어제", "yesterday", Tense::past},
                      {"아까", "earlier", Tense::past},
                      {"", "", Tense::present},
                      {"매일", "every day", Tense::present},
                      {"가끔", "sometimes", Tense::present},
                      {"내일", "tomorrow", Tense::future}};
const std::pair<const char*, const char*> locations[] = {{"", ""},
                                                         {"집에서", "at home"},
                                                         {"학교에서", "at school"},
                                                         {"공원에서", "in the park"},
                                                         {"기차에서", "on the train"},
                                                         {"카페에서", "in a café"}};

// The order of words is subject, time, location, object, verb in Korean; subject, verb, object, location,
// time in English.
TranslationPair translate(const Subject& subject, const Verb& verb, std::size_t object, const When& when,
                          const std::pair<const char*, const char*>& location) {
  TranslationPair pair;
  const auto korean = [&](const std::string& phrase) {
    append(pair.korean, phrase);
    return static_cast<index_t>(pair.korean.size()) - 1;
  };
  const index_t subject_index = korean(subject.korean), time_index = korean(when.korean),
                location_index = korean(location.first), object_index = korean(verb.objects[object].first),
                verb_index = korean(verb.korean[static_cast<std::size_t>(when.tense)]);
  const auto english = [&](const std::string& phrase, index_t aligned) {
    append(pair.english, phrase);
    pair.alignment.resize(pair.english.size(), aligned);
  };
  english(subject.english, subject_index);
  switch (when.tense) {
    case Tense::past:
      english(verb.english[0], verb_index);
      break;
    case Tense::present:
      english(verb.english[subject.third_person ? 2 : 1], verb_index);
      break;
    case Tense::future:
      english("will", korean("것이다"));
      english(verb.english[3], verb_index);
      break;
  }
  english(verb.objects[object].second, object_index);
  english(location.second, location_index);
  english(when.english, time_index);
  return pair;
}

}  // namespace

std::vector<TranslationPair> all_translation_pairs() {
  std::vector<TranslationPair> all;
  for (const Subject& subject : subjects)
    for (const Verb& verb : verbs())
      for (std::size_t object = 0; object < verb.objects.size(); ++object)
        for (const When& when : times)
          for (const auto& location : locations)
            if (!verb.moves || location.first[0] == '\0')
              all.push_back(translate(subject, verb, object, when, location));
  return all;
}

Sentences<TranslationPair> translation_pairs(const SentenceOptions& options) {
  return split<TranslationPair>("translation_pairs", {all_translation_pairs()}, options);
}

// ---- reviews ----------------------------------------------------------------------------------------------
namespace {
struct ReviewWords {
  std::vector<const char*> openings, nouns, verbs, negations, praise, blame, endings;
};
const ReviewWords& review_words(Language language) {
  static const ReviewWords english = {{"", "honestly", "to me", "i think"},
                                      {"the film", "this film", "the story", "this story", "the ending",
                                       "the music", "the acting", "the dialogue"},
                                      {"is", "was"},
                                      {"not", "hardly", "never"},
                                      {"good", "funny", "moving", "clever", "lovely", "exciting"},
                                      {"boring", "bad", "dull", "slow", "silly", "weak"},
                                      {"", "from the start", "this time"}};
  static const ReviewWords korean = {
      {"", "솔직히", "나에게", "역시", "생각보다", "다시 봐도"},
      {"이 영화는", "그 영화는", "이 이야기는", "그 이야기는", "결말은", "음악은", "연기는", "대사는"},
      {""},
      {"안", "전혀 안", "별로 안"},
      {"좋다", "재미있다", "멋지다", "새롭다", "웃기다", "알차다"},
      {"지루하다", "나쁘다", "뻔하다", "느리다", "유치하다", "어색하다"},
      {"", "끝까지"}};
  return language == Language::english ? english : korean;
}

// The words of a review by part of speech, before they are put in order.
struct ReviewParts {
  std::string opening, noun, verb, negation, adjective, ending;
};

// English puts an adverb at the end, Korean before the verb.
Review make_review(Language language, const ReviewParts& parts, bool praise) {
  Review r{{}, praise == parts.negation.empty() ? 1 : 0, 0, -1};
  append(r.words, parts.opening);
  append(r.words, parts.noun);
  if (language == Language::korean) append(r.words, parts.ending);
  append(r.words, parts.verb);
  append(r.words, parts.negation);
  if (!parts.negation.empty()) r.negation = static_cast<index_t>(r.words.size()) - 1;
  r.adjective = static_cast<index_t>(r.words.size());
  append(r.words, parts.adjective);
  if (language == Language::english) append(r.words, parts.ending);
  return r;
}

// Four groups of reviews: blame and praise, each without and with a negation.
using ReviewGroups = std::vector<std::vector<Review>>;

// Adds the reviews that have these parts: each adjective without and with every negation.
void add_reviews(Language language, ReviewParts parts, ReviewGroups& groups) {
  const ReviewWords& w = review_words(language);
  const auto add = [&](const std::string& negation, bool praise) {
    parts.negation = negation;
    Review r = make_review(language, parts, praise);
    groups[static_cast<std::size_t>(2 * r.label + (negation.empty() ? 0 : 1))].push_back(std::move(r));
  };
  for (const bool praise : {true, false})
    for (const char* adjective : praise ? w.praise : w.blame) {
      parts.adjective = adjective;
      add("", praise);
      for (const char* negation : w.negations) add(negation, praise);
    }
}

}  // namespace

Sentences<Review> reviews(Language language, const SentenceOptions& options) {
  const ReviewWords& w = review_words(language);
  ReviewGroups groups(4);
  for (const char* opening : w.openings)
    for (const char* noun : w.nouns)
      for (const char* verb : w.verbs)
        for (const char* ending : w.endings)
          add_reviews(language, {opening, noun, verb, "", "", ending}, groups);
  return split("reviews", std::move(groups), options);
}

// ---- pronouns ---------------------------------------------------------------------------------------------
namespace {

// A sentence pattern and the words that replace FIRST, SECOND and WHY. Reasons in `about_first`
// make the pronoun refer to the first noun, those in `about_second` to the second.
struct Scene {
  const char* pattern;
  std::vector<const char*> first, second, about_first, about_second;
};

const std::vector<Scene>& english_scenes() {
  static const std::vector<const char*> animals{"dog", "cat",    "horse", "cow",  "sheep",
                                                "fox", "rabbit", "goat",  "bear", "pig"},
      tired{"tired", "scared", "old", "weak", "young", "sick"};
  static const std::vector<Scene> scenes = {
      {"the FIRST sat on the SECOND because it was WHY",
       animals,
       {"mat", "rug", "cushion", "sofa", "bench", "straw"},
       {"tired", "sleepy", "old", "lazy", "calm", "hungry"},
       {"soft", "warm", "dry", "clean", "new", "flat"}},
      {"the FIRST did not cross the SECOND because it was too WHY",
       animals,
       {"road", "street", "bridge", "river", "field"},
       tired,
       {"wide", "long", "busy", "icy", "crowded"}},
      {"the FIRST did not jump over the SECOND because it was too WHY",
       animals,
       {"fence", "wall", "gate", "rock", "ditch"},
       tired,
       {"high", "wide", "steep", "sharp", "deep"}},
      {"the FIRST did not fit into the SECOND because it was too WHY",
       {"ball", "book", "doll", "lamp", "trophy", "clock", "bottle", "shoe"},
       {"bag", "box", "drawer", "basket", "pocket", "case"},
       {"big", "long", "wide", "thick"},
       {"small", "narrow", "short", "flat"}},
      {"the FIRST could not pull the SECOND because it was too WHY",
       {"truck", "horse", "train", "ox", "tractor", "donkey", "car", "boat"},
       {"cart", "wagon", "sled", "rock", "log", "raft", "crate", "tree"},
       {"weak", "small", "slow"},
       {"heavy", "big", "long"}}};
  return scenes;
}

const std::vector<Scene>& korean_scenes() {
  static const std::vector<const char*> animals{"개는",   "고양이는", "말은",   "소는", "양은",
                                                "여우는", "토끼는",   "염소는", "곰은", "돼지는"},
      tired{"지쳤기", "늙었기", "약했기", "어렸기", "아팠기", "졸렸기"};
  static const std::vector<Scene> scenes = {
      {"FIRST SECOND 앉았다 왜냐하면 그것이 WHY 때문이다",
       animals,
       {"매트에", "깔개에", "방석에", "소파에", "벤치에", "짚에"},
       {"지쳤기", "졸렸기", "늙었기", "게을렀기", "배고팠기", "아팠기"},
       {"푹신했기", "따뜻했기", "말랐기", "깨끗했기", "새것이었기", "평평했기"}},
      {"FIRST SECOND 건너지 않았다 왜냐하면 그것이 너무 WHY 때문이다",
       animals,
       {"길을", "다리를", "강을", "도로를", "들판을"},
       tired,
       {"넓었기", "길었기", "붐볐기", "미끄러웠기", "험했기"}},
      {"FIRST SECOND 뛰어넘지 않았다 왜냐하면 그것이 너무 WHY 때문이다",
       animals,
       {"울타리를", "담을", "문을", "바위를", "도랑을"},
       tired,
       {"높았기", "넓었기", "가팔랐기", "뾰족했기", "깊었기"}},
      {"FIRST SECOND 들어가지 않았다 왜냐하면 그것이 너무 WHY 때문이다",
       {"공은", "책은", "인형은", "등은", "상패는", "시계는", "병은", "신발은"},
       {"가방에", "상자에", "서랍에", "바구니에", "주머니에", "함에"},
       {"컸기", "길었기", "넓었기", "두꺼웠기"},
       {"작았기", "좁았기", "짧았기", "얕았기"}},
      {"FIRST SECOND 끌지 못했다 왜냐하면 그것이 너무 WHY 때문이다",
       {"트럭은", "말은", "기차는", "소는", "트랙터는", "당나귀는", "자동차는", "보트는"},
       {"수레를", "마차를", "썰매를", "바위를", "통나무를", "뗏목을", "상자를", "나무를"},
       {"약했기", "작았기", "느렸기"},
       {"무거웠기", "컸기", "길었기"}}};
  return scenes;
}

const std::vector<Scene>& scenes(Language language) {
  return language == Language::english ? english_scenes() : korean_scenes();
}

PronounSentence describe(const Scene& scene, const char* first, const char* second, const char* why,
                         bool about_first) {
  PronounSentence s{{}, 0, 0, 0};
  append(s.words, scene.pattern);
  index_t a = 0, b = 0;
  for (std::size_t i = 0; i < s.words.size(); ++i) {
    std::string& word = s.words[i];
    const auto position = static_cast<index_t>(i);
    if (word == "FIRST") {
      a = position;
      word = first;
    } else if (word == "SECOND") {
      b = position;
      word = second;
    } else if (word == "WHY") {
      word = why;
    } else if (word == "it" || word == "그것이") {
      s.pronoun = position;
    }
  }
  s.referent = about_first ? a : b;
  s.other = about_first ? b : a;
  return s;
}

}  // namespace

Sentences<PronounSentence> pronoun_sentences(Language language, const SentenceOptions& options) {
  std::vector<std::vector<PronounSentence>> groups(
      2);  // the pronoun refers to the first noun, or to the second
  for (const Scene& scene : scenes(language))
    for (const char* first : scene.first)
      for (const char* second : scene.second) {
        if (std::string(first) == second) continue;
        for (const char* why : scene.about_first)
          groups[0].push_back(describe(scene, first, second, why, true));
        for (const char* why : scene.about_second)
          groups[1].push_back(describe(scene, first, second, why, false));
      }
  return split("pronoun_sentences", std::move(groups), options);
}

}  // namespace heed::toy
