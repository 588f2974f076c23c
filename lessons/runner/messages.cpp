#include "lessons/runner/messages.h"

#include <cstdlib>
#include <utility>

#include "data/text/unicode.h"
#include "lessons/runner/text.h"

namespace heed::runner {

static const std::vector<Message> table = {
    // catalog
    {"\"{1}\" is ambiguous: {2}", "\"{1}\"에 맞는 이름이 여럿입니다: {2}"},
    {"Did you mean {1}?", "혹시 {1}인가요?"},
    {"There is no exercise \"{1}\".", "\"{1}\"{1:이라}는 연습 문제는 없습니다."},
    {"There is no mistake \"{1}\".", "\"{1}\"{1:이라}는 실수는 없습니다."},

    // command line
    {"print one JSON object, for editors and scripts", "JSON 객체 하나로 출력 (편집기·스크립트용)"},
    {"no colour, no animation, no keys", "색·애니메이션·단축키 없이"},
    {"also print the full compiler output", "컴파일러 출력 전체도 표시"},
    {"show all three hints", "힌트 세 개 모두 표시"},
    {"show it before you have passed (this is recorded)", "통과하기 전에도 표시 (기록에 남음)"},
    {"use your own parts if they pass, ours otherwise", "통과한 부분은 내 코드, 나머지는 모범 풀이"},
    {"also replace edited exercises (backups are kept)", "수정한 연습 문제도 덮어씀 (백업 보관)"},
    {"Unknown command \"{1}\".", "\"{1}\"{1:이라}는 명령은 없습니다."},
    {"For help, run: {1}", "도움말: {1}"},
    {"--lang: expected en or ko, got \"{1}\"", "--lang: en 또는 ko여야 합니다. 받은 값: \"{1}\""},
    {"Unknown option {1}.", "{1}{1:이라}는 옵션은 없습니다."},
    {"{1} does not accept {2}. For its options: {3}", "{1} 명령에는 {2} 옵션이 없습니다. 도움말: {3}"},
    {"Usage: {1}", "사용법: {1}"},
    {"judge an exercise at every save; the default command", "저장할 때마다 채점 (기본 명령)"},
    {"list all exercises with state, minutes and difficulty", "모든 연습 문제의 상태, 시간, 난이도"},
    {"judge one exercise; by default the current one", "연습 문제 하나를 채점 (기본: 현재 문제)"},
    {"judge all exercises", "모든 연습 문제를 채점"},
    {"show a hint; repeat for a deeper one", "힌트 보기, 반복하면 더 자세한 힌트"},
    {"explain a mistake: what, why, where it was seen", "실수 설명: 무엇을, 왜, 실제 사례"},
    {"restore the stub; your file is backed up", "처음 상태로 되돌리기 (내 파일은 백업)"},
    {"show our solution, once you have passed", "모범 풀이 보기 (통과한 뒤)"},
    {"compare your code with ours, once you have passed", "내 코드와 모범 풀이 비교 (통과한 뒤)"},
    {"run a lesson; options are passed to it", "강의 프로그램 실행 (옵션은 그대로 전달)"},
    {"run a model built from the exercises", "연습 문제로 만든 모델 실행"},
    {"show the attention weights of a saved model", "저장한 모델의 어텐션 가중치 보기"},
    {"a file that a lesson wrote with --save; by default the newest",
     "강의 프로그램이 --save로 저장한 파일 (기본: 가장 최근 파일)"},
    {"only this layer, counted from 1", "이 층만 (1부터)"},
    {"only this head, counted from 1", "이 헤드만 (1부터)"},
    {"write a figure FILE.svg, or a folder with one per head",
     "그림을 FILE.svg에, 또는 헤드마다 하나씩 폴더에 저장"},
    {"{1}: expected a value", "{1}: 값이 필요합니다"},
    {"check this machine and suggest fixes", "컴퓨터를 점검하고 해결 방법 제시"},
    {"update generated files (for course authors)", "생성 파일 갱신 (강의 작성자용)"},
    {"heed judges your solutions to the exercises and names your mistakes. Run it without a command to "
     "start, "
     "or to continue with the current exercise.",
     "heed는 연습 문제의 풀이를 채점하고 어떤 실수인지 알려 줍니다. 명령 없이 실행하면 현재 연습 문제부터 "
     "시작합니다."},
    {"An ID may be abbreviated as long as it is unique: sdpa for 02_sdpa. Without an ID, a command uses the "
     "first exercise that has not passed yet. Every command accepts --plain (no colour, no animation) and "
     "--lang en or --lang ko. For the options of one command: {1}",
     "ID는 하나로 정해지는 한 줄여 쓸 수 있습니다(02_sdpa 대신 sdpa). ID가 없으면 아직 통과하지 못한 첫 연습 "
     "문제를 사용합니다. 모든 명령에 --plain(색과 애니메이션 없이)과 --lang en 또는 --lang ko를 쓸 수 "
     "있습니다. "
     "명령별 옵션: {1}"},
    {"Exit status: 0 success, 1 an exercise does not pass, 2 invalid command line, 3 a problem with the "
     "machine or the course files.",
     "종료 코드: 0 성공, 1 통과하지 못한 연습 문제 있음, 2 잘못된 명령, 3 컴퓨터나 강의 파일의 문제."},

    // doctor
    {"compiler", "컴파일러"},
    {"build tool", "빌드 도구"},
    {"build folder", "빌드 폴더"},
    {"progress", "진도 기록"},
    {"{1} cannot be run", "{1}{1:을} 실행할 수 없습니다"},
    {"reinstall it, delete {1} and run {2}", "다시 설치하고 {1} 폴더를 지운 뒤 실행: {2}"},
    {"make it writable: chmod u+w {1}", "쓰기 권한 주기: chmod u+w {1}"},
    {"{1} MB free", "{1} MB 남음"},
    {"disk", "디스크"},
    {"free at least {1} MB for the build", "빌드를 위해 {1} MB 이상을 비웁니다"},
    {"exercises", "연습 문제"},
    {"{1} does not exist", "{1} 파일이 없습니다"},
    {"{1} files in {2}", "{2}에 파일 {1}개"},
    {"course", "강의"},
    {"{1} explained mistakes", "설명이 있는 실수 {1}가지"},
    {"download the course files again", "강의 파일을 다시 내려받습니다"},
    {"data", "데이터"},
    {"{1} differs from the published file", "{1}의 내용이 배포된 파일과 다릅니다"},
    {"download the file again", "파일을 다시 내려받습니다"},
    {"processor", "프로세서"},
    {"kernels for {1}", "{1}용 커널"},
    {"threads", "스레드"},
    {"{1} of {2}", "{2}개 중 {1}개"},
    {"fix: {1}", "해결: {1}"},

    // generate
    {"kept, because it has been edited: {1}", "수정된 파일이므로 그대로 둡니다: {1}"},
    {"written: {1}", "생성: {1}"},
    {"--force replaces edited exercises; backups are kept.",
     "--force를 쓰면 수정한 연습 문제도 덮어씁니다. 백업은 남습니다."},

    // judging
    {"The check of {1} could not be built. The cause is not your file: {2}",
     "{1}의 채점 프로그램을 빌드하지 못했습니다. 작성한 파일 때문은 아닙니다: {2}"},
    {"{1} cannot be run ({2}). Is CMake still installed? To find out: {3}",
     "{1}{1:을} 실행할 수 없습니다({2}). CMake가 설치되어 있나요? 확인하려면: {3}"},
    {"waiting for another heed in this folder…", "이 폴더를 쓰는 다른 heed를 기다리는 중…"},
    {"preparing this exercise's check (first time only)…", "채점 프로그램을 준비하는 중 (처음 한 번만)…"},
    {"compiling…", "컴파일 중…"},
    {"running…", "실행 중…"},
    {"did not finish within {1} seconds", "{1}초 안에 끝나지 않았습니다"},
    {"printed too much output", "출력이 너무 많습니다"},
    {"exited with status {1} after its last answer", "마지막 답을 낸 뒤 종료 코드 {1}{1:으로} 끝났습니다"},
    {"exited with status {1} before the check finished (does it call exit?)",
     "채점이 끝나기 전에 종료 코드 {1}{1:으로} 끝났습니다 (exit를 호출하나요?)"},
    {"The check of {1}: expected {2} tests, got {3} of \"{4}\".",
     "{1}의 채점: 테스트 {2}개를 실행해야 하는데 \"{4}\"의 테스트 {3}개를 실행했습니다."},
    {"accessed memory that it does not own, or recursed too deeply (SIGSEGV)",
     "허용되지 않은 메모리에 접근했거나 재귀가 너무 깊습니다 (SIGSEGV)"},
    {"accessed memory that does not exist (SIGBUS)", "존재하지 않는 메모리에 접근했습니다 (SIGBUS)"},
    {"aborted: a failed assertion, a corrupted heap or an uncaught exception (SIGABRT)",
     "중단되었습니다: assert 실패, 손상된 힙, 또는 처리되지 않은 예외 (SIGABRT)"},
    {"divided an integer by zero (SIGFPE)", "정수를 0으로 나눴습니다 (SIGFPE)"},
    {"reached code that must not run, for example after a missing return (SIGILL)",
     "실행되면 안 되는 코드에 도달했습니다. return을 빠뜨렸을 수 있습니다 (SIGILL)"},
    {"reached code that must not run, for example after a missing return (SIGTRAP)",
     "실행되면 안 되는 코드에 도달했습니다. return을 빠뜨렸을 수 있습니다 (SIGTRAP)"},
    {"was killed by the system, often because memory ran out (SIGKILL)",
     "시스템이 강제로 끝냈습니다. 메모리가 부족했을 수 있습니다 (SIGKILL)"},
    {"was ended by signal {1} ({2})", "시그널 {1}{1:으로} 끝났습니다 ({2})"},

    // look
    {"There is no saved model in {1}. A command that trains one and saves it:",
     "{1}에 저장한 모델이 없습니다. 모델을 학습해서 저장하는 명령:"},
    {"{1}: expected a model that lesson {2} saved, got {3}. To save one: {4}",
     "{1}: {2} 강의에서 저장한 모델이 필요합니다. 받은 것: {3}. 저장하려면: {4}"},
    {"a file without the entry \"lesson\"", "\"lesson\" 항목이 없는 파일"},
    {"{1}: expected an integer of at least 1, got \"{2}\"",
     "{1}: 1 이상의 정수가 필요합니다. 받은 값: \"{2}\""},

    // milestone
    {"ours", "모범 풀이"},
    {" (yours: {1})", " (내 코드: {1})"},
    {"yours", "내 코드"},
    {"judging {1}…", "{1} 채점 중…"},
    {"Lesson {1} has no milestone.", "{1} 강의에는 마일스톤이 없습니다."},

    // progress file
    {"skipped a line that could not be read: {1}", "읽을 수 없는 줄을 건너뜁니다: {1}"},

    // report
    {"The check did not find a function with this name and these parameters. Do not change its declaration:",
     "이 이름과 매개변수를 가진 함수를 찾지 못했습니다. 선언은 바꾸지 마세요:"},
    {"(reported by the compiler at {1})", "(컴파일러가 알린 위치: {1})"},
    {"Full compiler output: {1}", "컴파일러 출력 전체: {1}"},
    {"This property must hold, but does not: {1}", "성립해야 하는 성질이 성립하지 않습니다: {1}"},
    {"Likely: {1}", "가능성이 높은 실수: {1}"},
    {"No known mistake gives these values. The largest difference:",
     "알려진 실수 중에 이런 값을 내는 것은 없습니다. 가장 크게 다른 곳:"},
    {"call", "호출"},
    {"index", "위치"},
    {"got", "내 결과"},
    {"expected", "기대값"},
    {"Explanation: {1}", "자세한 설명: {1}"},
    {"Your code printed:", "코드의 출력:"},
    {"(the rest is omitted)", "(나머지는 생략)"},
    {"not written yet", "아직 작성하지 않음"},
    {"does not compile", "컴파일되지 않음"},
    {"crashed", "비정상 종료"},
    {"did not finish", "끝나지 않음"},
    {"wrong", "틀림"},
    {"pass", "통과"},
    {"to do", "할 일"},
    {"file", "파일"},
    {"Your code {1}.", "작성한 코드: {1}."},
    {"Compiler warning in line {1}: {2}", "{1}번째 줄에 대한 컴파일러 경고: {2}"},
    {"{1} does not exist. To restore the stub: {2}", "{1} 파일이 없습니다. 처음 상태로 되돌리려면: {2}"},

    // study commands
    {"{1} has not passed yet. Try a hint: {2}. To see the solution anyway, add --give-up.",
     "{1} 연습 문제는 아직 통과하지 못했습니다. 힌트를 보려면: {2}. 그래도 모범 풀이를 보려면 --give-up을 "
     "붙입니다."},
    {"hint {1} of 3", "힌트 {1}/3"},
    {"For a deeper hint: {1}", "더 자세한 힌트: {1}"},
    {"Restored the stub: {1}", "처음 상태로 되돌렸습니다: {1}"},
    {"Your file was saved as {1}", "작성한 파일은 여기에 있습니다: {1}"},
    {"building {1}", "{1} 빌드 중"},
    {"stopped", "중단했습니다"},
    {"{1} could not be built:", "{1}{1:을} 빌드하지 못했습니다:"},
    {"Lesson {1} is ambiguous: {2}.", "{1} 강의는 여럿입니다: {2}."},
    {"There is no lesson \"{1}\".", "\"{1}\"{1:이라}는 강의는 없습니다."},

    // list
    {"min", "분"},
    {"edited since", "그 뒤 수정함"},
    {"{1} of {2} exercises pass.", "연습 문제 {2}개 중 {1}개 통과."},
    {"Next: {1}", "다음: {1}"},

    // watch
    {"Press Enter to return to the exercise.", "Enter를 누르면 연습 문제로 돌아갑니다."},
    {"In a terminal, heed watches this file and judges it at every save:",
     "터미널에서는 heed가 이 파일을 저장할 때마다 채점합니다:"},
    {"Next steps:", "다음 단계:"},
    {"judge it again", "다시 채점"},
    {"exercise {1} of {2}", "연습 문제 {1}/{2}"},
    {"Edit and save:", "수정하고 저장할 파일:"},
    {"… the file's first lines continue this text", "… 이어지는 설명은 파일 첫머리에 있습니다"},
    {"The exercise could not be judged. The cause is not your file:",
     "채점하지 못했습니다. 작성한 파일 때문은 아닙니다:"},
    {"{1} s from save to result", "저장부터 결과까지 {1}초"},
    {"Well done: {1} of {2}. Press n for the next exercise.",
     "잘했습니다: {2}개 중 {1}개. n을 누르면 다음 문제입니다."},
    {"All {1} exercises pass. You have implemented a Transformer.",
     "연습 문제 {1}개를 모두 통과했습니다. 트랜스포머를 직접 구현했습니다."},
    {"Press h for a deeper hint, any other key to return.", "h: 더 자세한 힌트, 다른 키: 돌아가기."},
    {"This was the last hint. Press any key to return.", "마지막 힌트입니다. 아무 키나 누르면 돌아갑니다."},
    {"Restore the stub? Your file will be backed up.", "처음 상태로 되돌릴까요? 작성한 파일은 백업됩니다."},
    {"y yes, any other key no", "y 예, 다른 키 아니요"},
    {"there is more: use heed run or a taller window", "더 있습니다: heed run 또는 더 큰 창"},
    {"n next  p back  h hint  l list  d demo  r run  x reset  q quit",
     "n 다음  p 이전  h 힌트  l 목록  d 시연  r 실행  x 초기화  q 끝"},
    {"e explain", "e 설명"},
};

const std::vector<Message>& messages() { return table; }

static Language chosen = Language::english;

void set_language(Language language) { chosen = language; }
Language language() { return chosen; }

Language language_of_environment() {
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value && *value) return starts_with(value, "ko") ? Language::korean : Language::english;
  }
  return Language::english;
}

namespace {

// The final consonant of a word when it is read aloud in Korean, which decides the form of the
// particle after it.
enum class Ending { vowel, rieul, consonant };

Ending ending_of(const std::string& word) {
  char32_t last = 0;
  for (std::size_t i = 0; i < word.size();) {
    const data::Character c = data::decode_utf8(word, i);
    if (c.code != '"' && c.code != ')') last = c.code;
    i += c.length;
  }
  constexpr char32_t first_syllable = 0xAC00, last_syllable = 0xD7A3;
  if (last >= first_syllable && last <= last_syllable) {
    const char32_t final = (last - first_syllable) % 28;  // 0: no final consonant, 8: ㄹ
    if (final == 0) return Ending::vowel;
    return final == 8 ? Ending::rieul : Ending::consonant;
  }
  const char c = last < 0x80 ? static_cast<char>(last) : '\0';
  // Digits by their names: 일, 칠 and 팔 end in ㄹ; 영, 삼 and 육 in another consonant.
  if (c == '1' || c == '7' || c == '8' || c == 'l') return Ending::rieul;
  if (c == '0' || c == '3' || c == '6' || c == 'm' || c == 'n') return Ending::consonant;
  return Ending::vowel;
}

// The form of a particle that fits the word before it: 을 or 를, 이 or 가, 은 or 는, 이라 or 라, 으로 or 로.
std::string particle(const std::string& name, const std::string& word) {
  static const std::pair<const char*, const char*> forms[] = {
      {"을", "를"}, {"이", "가"}, {"은", "는"}, {"이라", "라"}, {"으로", "로"}};
  const Ending ending = ending_of(word);
  for (const auto& [after_consonant, after_vowel] : forms) {
    if (name != after_consonant) continue;
    const bool vowel_form = ending == Ending::vowel || (ending == Ending::rieul && name == "으로");
    return vowel_form ? after_vowel : after_consonant;
  }
  return name;
}

}  // namespace

std::string translated(const std::string& english, const std::vector<std::string>& values) {
  std::string text = english;
  if (chosen == Language::korean)
    for (const Message& message : messages())
      if (english == message.english) text = message.korean;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    const bool numbered = end != std::string::npos && text[i + 1] >= '1' && text[i + 1] <= '9';
    const auto number = static_cast<std::size_t>(numbered ? text[i + 1] - '1' : 0);
    if (!numbered || number >= values.size()) {
      out += text[i];
      continue;
    }
    const bool has_particle = text[i + 2] == ':';
    out += has_particle ? particle(text.substr(i + 3, end - i - 3), values[number]) : values[number];
    i = end;
  }
  return out;
}

}  // namespace heed::runner
