# tools.sh — functions for ./lessons/start, ./lessons/heed, ./tests/run and .ci/run: messages,
# required tools, building. This file is sourced, not run.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
  bold='' plain=''
fi

# step NAME TEXT…: prints one line for a step
step() {
  local name=$1
  shift
  printf '%s%-10s%s %s\n' "$bold" "$name" "$plain" "$*"
}

# stop STATUS TEXT…: prints the reason and exits
stop() {
  local status=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$status"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Prints the compiler to use: $CXX, else g++, else clang++.
compiler() {
  if [ -n "${CXX:-}" ]; then
    printf '%s\n' "$CXX"
  elif have g++; then
    printf 'g++\n'
  elif have clang++; then
    printf 'clang++\n'
  fi
}

# install_packages PACKAGE…: installs them with apt-get if the user has permission, else prints the
# command to run and exits.
install_packages() {
  local apt=() line="sudo apt-get update && sudo apt-get install -y $*"
  have apt-get || stop 3 "Missing: $*. This system has no apt-get, so please install them yourself."
  if [ "$(id -u)" = 0 ]; then
    apt=(env DEBIAN_FRONTEND=noninteractive)
  elif have sudo && sudo -n true 2>/dev/null; then
    apt=(sudo -n env DEBIAN_FRONTEND=noninteractive)
  else
    stop 3 "Missing: $*. Please run:  $line"
  fi
  step install "$*"
  "${apt[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 </dev/null ||
    { "${apt[@]}" apt-get update -q >/dev/null 2>&1 </dev/null &&
      "${apt[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 </dev/null; } ||
    stop 3 "Could not install $*. Is the network available? Please run:  $line"
}

# Requires a C++20 compiler, CMake and a build tool. Installs missing ones; exits if one is too old.
need_build_tools() {
  local missing=() cxx version
  cxx=$(compiler)
  if [ -n "${CXX:-}" ]; then
    have "${CXX%% *}" || stop 3 "CXX is \"$CXX\", but there is no such program."
  fi
  [ -n "$cxx" ] || missing+=(g++)
  have cmake || missing+=(cmake)
  have make || have ninja || missing+=(make)
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
  cxx=$(compiler)
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
  at_least "$version" 3.22 || stop 3 "CMake $version is too old; heed needs 3.22 or newer."
  version=$("${cxx%% *}" -dumpfullversion -dumpversion | sed 's/^\([0-9]*\)$/\1.0/')
  case $("${cxx%% *}" --version) in
    *clang*) at_least "$version" 14.0 || stop 3 "$cxx $version is too old; heed needs clang 14 or g++ 11." ;;
    *) at_least "$version" 11.0 || stop 3 "$cxx $version is too old; heed needs g++ 11 or clang 14." ;;
  esac
  step tools "$cxx $version, cmake $(cmake --version | sed -n '1s/[^0-9]*//p')"
}

# GoogleTest: the system's package. Without it CMake downloads a fixed version, which needs a
# network.
need_googletest() {
  if [ ! -e /usr/include/gtest/gtest.h ] && [ -z "${GTest_DIR:-}" ]; then
    (install_packages libgtest-dev) ||
      step tools "libgtest-dev is missing; CMake will search for GoogleTest or download it"
  fi
}

# at_least VERSION MINIMUM: compares versions
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# configure FOLDER OPTION…: runs CMake if the options or the compiler have changed since the last
# time. (The build tool itself runs CMake again if a CMakeLists.txt changes.) Warnings are errors
# only if HEED_WERROR is ON in the environment, as in .ci/run, because a user's compiler may be
# newer than all that were tested.
configure() {
  local folder=$1
  shift
  set -- "$@" -DHEED_WERROR="${HEED_WERROR:-OFF}"
  # A build folder contains the absolute path of its source, so it cannot be used after the project
  # was moved.
  if [ -f "$folder/.heed-options" ] && [ "$(cat "$folder/.heed-options")" = "$* $(compiler)" ] &&
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  local generator=()
  ! have ninja || generator=(-G Ninja)
  (cd "$root" && cmake "$@" -B "$folder" "${generator[@]}" -DCMAKE_CXX_COMPILER="$(compiler)") \
    >"$folder/configure.log" 2>&1 </dev/null || {
    tail -n 20 "$folder/configure.log" >&2
    stop 1 "CMake could not configure the build. Full log: $folder/configure.log"
  }
  printf '%s' "$* $(compiler)" >"$folder/.heed-options"
}

# build FOLDER TARGET…: builds with progress: a line that is overwritten on a terminal, else a line
# per quarter.
build() {
  local folder=$1 log=$1/build.log
  shift
  cmake --build "$folder" --parallel "$(nproc)" --target "$@" 2>&1 </dev/null | tee "$log" | progress || {
    grep -E -A4 'error|Error' "$log" | head -n 30 >&2 || true
    stop 1 "The build failed. Full log: $log"
  }
}

# Reads the output of a build ("[12/80] …" or "[ 15%] …") and shows the progress.
progress() {
  local line done=0 last=-1
  while IFS= read -r line; do
    case $line in
      '['*'/'*']'*) done=$(awk -F '[]/[]' '{print int(100 * $2 / ($3 ? $3 : 1))}' <<<"$line") ;;
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
