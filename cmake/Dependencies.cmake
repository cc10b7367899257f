# Everything comes from Debian packages; scripts/packages lists them.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(Boost REQUIRED)  # Headers only: the HTTP parser of Beast.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libedit REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)

# libraft, statically: its step interface needs nothing else, here or where we are installed.
pkg_check_modules(raft REQUIRED raft>=0.22)
if(raft_VERSION VERSION_GREATER_EQUAL 0.23)
  message(FATAL_ERROR "libraft ${raft_VERSION} is installed, but src/consensus/raft_step.c keeps "
    "to the rules of 0.22 about who frees what in raft_step(), and 0.23 has others: install "
    "libraft-dev 0.22, or adapt that file and this check")
endif()
find_library(AEGIS_LIBRAFT NAMES libraft.a HINTS ${raft_LIBRARY_DIRS} ${raft_LIBDIR} REQUIRED)
add_library(libraft STATIC IMPORTED)
set_target_properties(libraft PROPERTIES IMPORTED_LOCATION ${AEGIS_LIBRAFT})

find_program(CCACHE ccache)
foreach(language C CXX)
  if(CCACHE AND NOT CMAKE_${language}_COMPILER_LAUNCHER)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${CCACHE})
  endif()
endforeach()

# Standalone Asio: headers in the system path. Whether it allocates by aligned_alloc or by new would
# depend on whether a standard header was included before it, differently in each source file.
add_library(aegis_asio INTERFACE)
target_compile_definitions(aegis_asio INTERFACE
  ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_link_libraries(aegis_asio INTERFACE Threads::Threads)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Under -fsanitize=thread gcc warns of asio's fences, which it does not follow; asio also locks.
  target_compile_options(aegis_asio INTERFACE -Wno-tsan)
endif()
