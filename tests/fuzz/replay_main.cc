// Runs a fuzz target over every file of a folder, so that what a fuzzer once found stays found.
//
//     fuzz_resp tests/fuzz/corpus/resp
//
// Exit status 0: all inputs ran. 1: the folder has none. A broken invariant traps. The input is
// copied to a heap block of its exact size, so that ASan sees a read past its end.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
    return 1;
  }
  std::set<std::filesystem::path> files;  // Sorted: the last name printed is the one that failed.
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.is_regular_file()) files.insert(entry.path());
  }
  for (const std::filesystem::path& file : files) {
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);
    std::ifstream in(file, std::ios::binary);
    std::vector<std::uint8_t> input{std::istreambuf_iterator<char>(in), {}};
    input.shrink_to_fit();
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu inputs\n", files.size());
  return files.empty() ? 1 : 0;
}
