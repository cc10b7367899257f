# folder = namespace = library. A module's library links exactly what src/LAYERS allows.

add_library(aegis_options INTERFACE)
target_compile_options(aegis_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees uninitialized members in its own <regex> where it also instruments it.
  target_compile_options(aegis_options INTERFACE -Wno-maybe-uninitialized)
endif()

# aegis_module(ring HEADERS slot.h SOURCES slot.cc DEPS base model [LINK external libraries])
function(aegis_module name)
  cmake_parse_arguments(M "" "" "SOURCES;HEADERS;DEPS;LINK" ${ARGN})
  string(REPLACE "/" "_" target aegis_${name})
  list(TRANSFORM M_DEPS REPLACE "/" "_")
  list(TRANSFORM M_DEPS PREPEND aegis_)
  if(M_SOURCES)
    add_library(${target} STATIC ${M_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE aegis_options)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(${target} ${scope}
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${M_HEADERS})
  target_link_libraries(${target} ${scope} ${M_DEPS} ${M_LINK})
  cmake_language(EVAL CODE "cmake_language(DEFER CALL aegis_headers_to_verify ${target} ${scope})")
endfunction()

# Every header must compile alone. One with a source does if that compiles, which includes it first
# (tests/tidy sees to that); those without are what all_verify_interface_header_sets compiles.
function(aegis_headers_to_verify target scope)
  get_target_property(headers ${target} HEADER_SET)
  get_target_property(sources ${target} SOURCES)
  set(alone "")
  foreach(header IN LISTS headers)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(REPLACE_EXTENSION header LAST_ONLY .cc OUTPUT_VARIABLE source)
    if(NOT source IN_LIST sources)
      list(APPEND alone ${header})
    endif()
  endforeach()
  target_sources(${target} ${scope}
    FILE_SET alone TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${alone})
  set_target_properties(${target} PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY alone)
endfunction()
