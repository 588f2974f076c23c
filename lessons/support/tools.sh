# tools.sh — what ./lessons/start, ./tests/run and .ci/run share: one line a step, and the tools that a step needs.
# Sourced, not run.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
  bold='' plain=''
fi

# step NAME TEXT…: one line a step
step() {
  local name=$1
  shift
  printf '%s%-10s%s %s\n' "$bold" "$name" "$plain" "$*"
}

# stop STATUS TEXT…: says why, and ends
stop() {
  local status=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$status"
}

have() { command -v "$1" >/dev/null 2>&1; }

# The compiler to use: $CXX, else g++, else clang++.
compiler() {
  if [ -n "${CXX:-}" ]; then
    printf '%s\n' "$CXX"
  elif have g++; then
    printf 'g++\n'
  elif have clang++; then
    printf 'clang++\n'
  fi
}

# install_packages PACKAGE…: through apt-get where this user may; else says the one line to type.
install_packages() {
  local apt=() line="sudo apt-get update && sudo apt-get install -y $*"
  have apt-get || stop 3 "Missing: $*. This system has no apt-get; please install them by hand."
  if [ "$(id -u)" = 0 ]; then
    apt=(env DEBIAN_FRONTEND=noninteractive)
  elif have sudo && sudo -n true 2>/dev/null; then
    apt=(sudo -n env DEBIAN_FRONTEND=noninteractive)
  else
    stop 3 "Missing: $*. Please type:  $line"
  fi
  step install "$*"
  "${apt[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 </dev/null ||
    { "${apt[@]}" apt-get update -q >/dev/null 2>&1 </dev/null &&
      "${apt[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 </dev/null; } ||
    stop 3 "Could not install $*. Is there a network? Please type:  $line"
}

# A compiler for C++20, CMake and a build tool: installed where they are missing, refused by name where they are too old.
need_build_tools() {
  local missing=() cxx version
  cxx=$(compiler)
  if [ -n "${CXX:-}" ]; then
    have "${CXX%% *}" || stop 3 "CXX is \"$CXX\", and there is no such program."
  fi
  [ -n "$cxx" ] || missing+=(g++)
  have cmake || missing+=(cmake)
  have make || have ninja || missing+=(make)
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
  cxx=$(compiler)
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
  at_least "$version" 3.22 || stop 3 "CMake is $version; heed needs 3.22 or newer."
  version=$("${cxx%% *}" -dumpfullversion -dumpversion | sed 's/^\([0-9]*\)$/\1.0/')
  case $("${cxx%% *}" --version) in
    *clang*) at_least "$version" 14.0 || stop 3 "$cxx is $version; heed needs clang 14 or newer (or g++ 11)." ;;
    *) at_least "$version" 11.0 || stop 3 "$cxx is $version; heed needs g++ 11 or newer (or clang 14)." ;;
  esac
  step tools "$cxx $version, cmake $(cmake --version | sed -n '1s/[^0-9]*//p')"
}

# GoogleTest: the system's, else CMake fetches a pinned version (which needs a network).
need_googletest() {
  if [ ! -e /usr/include/gtest/gtest.h ] && [ -z "${GTest_DIR:-}" ]; then
    (install_packages libgtest-dev) || step tools "no libgtest-dev; CMake will look for GoogleTest elsewhere, or fetch it"
  fi
}

# at_least HAVE WANT: compares versions
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# configure FOLDER OPTION…: once; CMake itself looks again when a CMakeLists.txt changes. Says where the log is if it fails.
# Whatever the preset says, warnings are errors only if HEED_WERROR is ON in the environment, as in .ci/run: a user's compiler may
# be newer than any that we have tried.
configure() {
  local folder=$1
  shift
  set -- "$@" -DHEED_WERROR="${HEED_WERROR:-OFF}"
  # A build folder knows the full path of its source, so one that was moved with it is of no use.
  if [ -f "$folder/.heed-options" ] && [ "$(cat "$folder/.heed-options")" = "$* $(compiler)" ] &&
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  local generator=()
  ! have ninja || generator=(-G Ninja)
  (cd "$root" && cmake "$@" -B "$folder" "${generator[@]}" -DCMAKE_CXX_COMPILER="$(compiler)") >"$folder/configure.log" 2>&1 </dev/null || {
    tail -n 20 "$folder/configure.log" >&2
    stop 1 "CMake could not configure; the whole log: $folder/configure.log"
  }
  printf '%s' "$* $(compiler)" >"$folder/.heed-options"
}

# build FOLDER TARGET…: with progress on a terminal (one moving line), a line a quarter elsewhere.
build() {
  local folder=$1 log=$1/build.log
  shift
  cmake --build "$folder" --parallel "$(nproc)" --target "$@" 2>&1 </dev/null | tee "$log" | progress || {
    grep -E -A4 'error|Error' "$log" | head -n 30 >&2 || true
    stop 1 "The build failed; the whole log: $log"
  }
}

# Reads a build's lines ("[12/80] …" or "[ 15%] …") and shows how far it is.
progress() {
  local line done=0 last=-1
  while IFS= read -r line; do
    case $line in
      '['*'/'*']'*) done=$(printf '%s' "$line" | sed 's/^\[\([0-9]*\)\/\([0-9]*\)\].*/\1 \2/' | awk '{print int(100 * $1 / ($2 ? $2 : 1))}') ;;
      '['*'%]'*) done=$(printf '%s' "$line" | sed 's/^\[ *\([0-9]*\)%\].*/\1/') ;;
      *) continue ;;
    esac
    if [ -t 1 ]; then
      printf '\r%-10s %3d %%' build "$done"
    elif [ $((done / 25)) != "$last" ]; then
      last=$((done / 25))
      printf '%-10s %3d %%\n' build "$done"
    fi
  done
  [ ! -t 1 ] || [ "$done" = 0 ] || printf '\n'
}
