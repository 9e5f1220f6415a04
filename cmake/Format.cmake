# Targets `format` and `format-check` over the project's own C++ files.
find_program(CLANG_FORMAT clang-format)
if(CLANG_FORMAT)
  set(format_files "git -C ${CMAKE_SOURCE_DIR} ls-files '*.h' '*.cpp'")
  add_custom_target(format WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMAND sh -c "${format_files} | xargs -r ${CLANG_FORMAT} -i" VERBATIM)
  add_custom_target(format-check WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMAND sh -c "${format_files} | xargs -r ${CLANG_FORMAT} --dry-run --Werror" VERBATIM)
endif()
