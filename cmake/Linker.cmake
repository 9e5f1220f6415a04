# Development builds are linked by mold when it is installed: some hundred test programs, each in a second instead of five.
find_program(MOLD mold)
if(MOLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=mold)
endif()
