#include "lessons/runner/messages.h"

#include <cstdlib>

#include "lessons/runner/text.h"

namespace heed::runner {

static const std::vector<Message> table = {
    {"\"{1}\" may be any of: {2}", "\"{1}\"에 맞는 이름이 여럿입니다: {2}"},
    {"Did you mean {1}?", "{1} 말인가요?"},
    {"There is no exercise \"{1}\".", "\"{1}\"(이)라는 연습은 없습니다."},
    {"No page tells of a mistake \"{1}\".", "\"{1}\"을(를) 설명하는 쪽은 없습니다."},
    {"one JSON object on standard output, for editors and scripts",
     "표준 출력에 JSON 하나 (편집기·스크립트용)"},
    {"no colour, nothing that moves, no keys", "색·움직임·단축키 없이"},
    {"all that the compiler said", "컴파일러가 한 말 전부"},
    {"all three hints", "힌트 셋 모두"},
    {"shows it before it has passed; that is recorded", "통과하기 전에도 봅니다 (기록에 남습니다)"},
    {"with your own parts where they pass, ours elsewhere", "통과한 곳은 내 코드로, 나머지는 준비된 코드로"},
    {"There is no verb \"{1}\".", "\"{1}\"(이)라는 명령은 없습니다."},
    {"{1} lists them.", "목록: {1}"},
    {"--lang wants en or ko, got \"{1}\"", "--lang에는 en이나 ko를 씁니다. 받은 값: \"{1}\""},
    {"There is no option {1}.", "{1}(이)라는 옵션은 없습니다."},
    {"{1} has no use for {2}; it has: {3}", "{1}에는 {2}를 쓸 곳이 없습니다. 도움말: {3}"},
    {"It is: {1}", "이렇게 씁니다: {1}"},
    {"judges an exercise at every save; also without a verb", "저장할 때마다 채점 (명령 없이 실행해도 같음)"},
    {"every exercise: what came of it, minutes, difficulty", "모든 연습: 결과, 걸리는 시간, 난이도"},
    {"judges one exercise, the current one by default", "연습 하나를 채점 (기본은 지금 연습)"},
    {"judges all of them", "모든 연습을 채점"},
    {"a hint; again goes deeper", "힌트, 다시 하면 한 걸음 더"},
    {"a mistake's page: what, why, where it has happened", "실수 설명: 무엇을, 왜, 실제로 어디서"},
    {"back to the stub; your file goes to the backups", "처음 상태로 (작성한 파일은 백업)"},
    {"our solution, once yours has passed", "준비된 풀이 (통과한 뒤에)"},
    {"yours against ours, once yours has passed", "내 코드와 풀이 비교 (통과한 뒤에)"},
    {"runs a lesson; options go to it", "강의 프로그램 실행 (옵션은 그대로 전달)"},
    {"a lesson's model, built from the exercises' parts", "연습 코드를 모아 만든 강의 모델"},
    {"is this machine ready? Each line is OK or the fix", "준비 상태 점검: 줄마다 OK 또는 고칠 방법"},
    {"heed: exercises that name your mistake.", "heed: 어떤 실수인지 짚어 주는 연습."},
    {"An ID may be shortened while it stays clear (sdpa for 02_sdpa); without one it is the first exercise "
     "that has not passed. --plain: no colour, nothing that moves. --lang en or ko. {1} tells more of one "
     "verb.",
     "ID는 헷갈리지 않는 만큼 줄여 쓸 수 있습니다(02_sdpa 대신 sdpa). 쓰지 않으면 아직 통과하지 못한 첫 "
     "연습입니다. --plain: 색과 움직임 없이. --lang en 또는 ko. 명령별 도움말: {1}"},
    {"Exit status: 0 all that was asked for passes, 1 not, 2 a wrong command line, 3 the machine or the "
     "course is at fault.",
     "종료 상태: 0 모두 통과, 1 통과하지 못함, 2 잘못된 명령, 3 컴퓨터나 강의 쪽 문제."},
    {"compiler", "컴파일러"},
    {"build tool", "빌드 도구"},
    {"building", "빌드 폴더"},
    {"progress", "진도 기록"},
    {"{1} cannot be run", "{1} 실행이 되지 않습니다"},
    {"install it again, remove {1}, and type {2}", "다시 설치하고 {1}을(를) 지운 뒤 입력: {2}"},
    {"make {1} writable for yourself: chmod u+w", "{1}에 쓸 수 있게 합니다: chmod u+w"},
    {"{1} MB free", "{1} MB 남음"},
    {"disk", "디스크"},
    {"{1} MB are needed for what is compiled", "컴파일 결과에 {1} MB가 필요합니다"},
    {"exercises", "연습"},
    {"{1} is not there", "{1} 파일이 없습니다"},
    {"{1} files in {2}", "{2}에 파일 {1}개"},
    {"course", "강의"},
    {"{1} pages of mistakes", "실수 설명 {1}쪽"},
    {"get the course's files anew", "강의 파일을 새로 받습니다"},
    {"data", "데이터"},
    {"{1} is not what was published", "{1}의 내용이 배포된 것과 다릅니다"},
    {"get the file anew", "파일을 새로 받습니다"},
    {"processor", "프로세서"},
    {"kernels for {1}", "{1}용 커널"},
    {"threads", "스레드"},
    {"{1} of {2}", "{2}개 중 {1}개"},
    {"to mend it: {1}", "고치려면: {1}"},
    {"The check of {1} could not be built, and not for what your file says: {2}",
     "{1}의 채점 프로그램을 만들지 못했습니다. 작성한 파일 때문은 아닙니다: {2}"},
    {"had not ended after {1} seconds", "{1}초가 지나도 끝나지 않았습니다"},
    {"printed without end", "끝없이 출력했습니다"},
    {"ended with status {1} after its last answer", "마지막 답을 낸 뒤 상태 {1}로 끝났습니다"},
    {"ended with status {1} before the check was through (does it call exit?)",
     "채점이 끝나기 전에 상태 {1}로 끝났습니다 (exit를 부르나요?)"},
    {"The check of {1} ran {2} tests as \"{3}\", and lessons/{4}/hints.md promises {5}.",
     "{1}의 채점이 \"{3}\"라는 이름으로 테스트 {2}개를 돌렸는데, lessons/{4}/hints.md에는 {5}개로 되어 "
     "있습니다."},
    {"{1} cannot be run ({2}). Is CMake still installed? To find out: {3}",
     "{1} 실행이 되지 않습니다({2}). CMake가 그대로 있나요? 알아보려면: {3}"},
    {"ours", "준비된 코드"},
    {" (yours: {1})", " (내 코드: {1})"},
    {"yours", "내 코드"},
    {"judging {1}…", "{1} 채점 중…"},
    {"Lesson {1} has no milestone.", "{1} 강의에는 마일스톤이 없습니다."},
    {"read or wrote memory that is not its own, or called itself without end (SIGSEGV)",
     "자기 것이 아닌 메모리를 읽거나 썼거나, 끝없이 자신을 불렀습니다 (SIGSEGV)"},
    {"read or wrote memory that is not there (SIGBUS)", "있지 않은 메모리를 읽거나 썼습니다 (SIGBUS)"},
    {"gave up: an assertion, a broken heap, or an exception that nobody caught (SIGABRT)",
     "스스로 멈췄습니다: assert 실패, 망가진 힙, 또는 아무도 잡지 않은 예외 (SIGABRT)"},
    {"divided a whole number by zero (SIGFPE)", "정수를 0으로 나눴습니다 (SIGFPE)"},
    {"came to a place that no code leads to, such as a missing return (SIGILL)",
     "올 수 없는 곳에 왔습니다. return을 빠뜨렸을 수 있습니다 (SIGILL)"},
    {"came to a place that no code leads to, such as a missing return (SIGTRAP)",
     "올 수 없는 곳에 왔습니다. return을 빠뜨렸을 수 있습니다 (SIGTRAP)"},
    {"was killed by the system, often for want of memory (SIGKILL)",
     "시스템이 끝냈습니다. 메모리가 모자랐을 수 있습니다 (SIGKILL)"},
    {"was ended by signal {1} ({2})", "시그널 {1}로 끝났습니다 ({2})"},
    {"not understood and skipped: {1}", "읽을 수 없어 건너뜁니다: {1}"},
    {"The check finds no function with this name and these parameters; they must stay as given:",
     "채점 프로그램이 이 이름과 매개변수를 가진 함수를 찾지 못했습니다. 주어진 그대로 두어야 합니다:"},
    {"(the compiler points into {1})", "(컴파일러가 가리키는 곳: {1})"},
    {"All that the compiler said: {1}", "컴파일러가 한 말 전부: {1}"},
    {"This must hold, and does not: {1}", "지켜져야 하는데 그렇지 않습니다: {1}"},
    {"Likely: {1}", "아마도: {1}"},
    {"No mistake that we know gives these numbers. The largest difference:",
     "알려진 실수와 숫자가 맞지 않습니다. 가장 크게 다른 곳:"},
    {"asked", "질문"},
    {"at", "위치"},
    {"got", "나온 값"},
    {"wanted", "바른 값"},
    {"More about it: {1}", "더 알아보기: {1}"},
    {"Your code printed:", "코드의 출력:"},
    {"(and more, which is left out)", "(나머지는 줄였습니다)"},
    {"not written yet", "아직 쓰지 않음"},
    {"does not compile", "컴파일되지 않음"},
    {"crashed", "비정상 종료"},
    {"did not end", "끝나지 않음"},
    {"wrong", "틀림"},
    {"pass", "통과"},
    {"to do", "할 일"},
    {"in", "파일"},
    {"Your code {1}.", "작성한 코드: {1}."},
    {"The compiler warns at line {1}: {2}", "{1}번째 줄에 대한 컴파일러의 경고: {2}"},
    {"{1} is not there. To begin it anew: {2}", "{1} 파일이 없습니다. 처음부터 다시 하려면: {2}"},
    {"{1} has not passed yet. A hint may do: {2}. To see the solution all the same: --give-up",
     "{1} 연습은 아직 통과하지 못했습니다. 힌트로 풀릴 수도 있습니다: {2}. 그래도 풀이를 보려면: --give-up"},
    {"hint {1} of 3", "힌트 {1}/3"},
    {"Once more goes deeper: {1}", "한 걸음 더: {1}"},
    {"{1} is the stub again.", "{1} 파일을 처음 상태로 되돌렸습니다."},
    {"What it held is in {1}", "있던 내용은 여기에 있습니다: {1}"},
    {"building {1}", "{1} 빌드 중"},
    {"stopped", "멈췄습니다"},
    {"{1} could not be built:", "{1}을(를) 빌드하지 못했습니다:"},
    {"There are several lessons {1}: {2}.", "강의 {1}은(는) 여럿입니다: {2}."},
    {"There is no lesson \"{1}\".", "\"{1}\"(이)라는 강의는 없습니다."},
    {"min", "분"},
    {"edited since", "그 뒤 고침"},
    {"waiting for another heed that works in this folder…", "이 폴더에서 일하는 다른 heed를 기다리는 중…"},
    {"preparing this exercise's check (once)…", "이 연습의 채점 프로그램을 준비하는 중 (처음 한 번)…"},
    {"compiling…", "컴파일 중…"},
    {"running…", "실행 중…"},
    {"{1} of {2} pass.", "{2}개 중 {1}개 통과."},
    {"Next: {1}", "다음: {1}"},
    {"Enter goes back to the exercise.", "Enter를 누르면 연습으로 돌아갑니다."},
    {"In a terminal, heed watches this file and judges it whenever it is saved:",
     "터미널에서는 heed가 이 파일을 지켜보다가 저장할 때마다 채점합니다:"},
    {"What to do next:", "다음에 할 일:"},
    {"judges it again", "다시 채점"},
    {"exercise {1} of {2}", "연습 {1}/{2}"},
    {"Edit and save:", "고치고 저장할 파일:"},
    {"… the file's first lines go on", "… 이어지는 설명은 파일 첫머리에 있습니다"},
    {"This could not be judged, and not for what the file says:",
     "채점하지 못했습니다. 파일의 내용 때문은 아닙니다:"},
    {"{1} s from save to answer", "저장부터 답까지 {1}초"},
    {"Well done: {1} of {2}. n goes on to the next.",
     "잘했습니다: {2}개 중 {1}개. n을 누르면 다음 연습입니다."},
    {"All {1} pass. You have written a Transformer.", "{1}개 모두 통과. 트랜스포머를 직접 썼습니다."},
    {"h goes deeper; any other key goes back.", "h는 한 걸음 더, 다른 키는 돌아가기."},
    {"That was the last one; any key goes back.", "마지막 힌트입니다. 아무 키나 누르면 돌아갑니다."},
    {"Put the stub back? What the file holds goes to the backups.",
     "처음 상태로 되돌릴까요? 지금 내용은 백업에 둡니다."},
    {"y yes, any other key no", "y 예, 다른 키 아니요"},
    {"there is more: heed run, or a taller window", "더 있습니다: heed run, 또는 더 큰 창"},
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

std::string translated(const std::string& english, const std::vector<std::string>& values) {
  std::string text = english;
  if (chosen == Language::korean)
    for (const Message& message : messages())
      if (english == message.english) text = message.korean;
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool place = text[at] == '{' && at + 2 < text.size() && text[at + 2] == '}';
    const auto number = static_cast<std::size_t>(place ? text[at + 1] - '1' : 0);
    if (place && number < values.size()) {
      out += values[number];
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace heed::runner
