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

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

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
