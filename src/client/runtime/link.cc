#include "client/runtime/link.h"

#include <asio/error.hpp>

namespace aegis::client {
namespace {

// A buffer that grew beyond this for one large value is given back once it was written.
constexpr std::size_t kCapacityKept = 1 << 20;

}  // namespace

void Link::Dial(const std::string& address) {
  stream_->Connect(address, [self = shared_from_this()](std::error_code error) {
    if (self->closed_) return;
    if (error) return self->Break(error.message());
    self->watcher_.connected();
    if (!self->closed_) self->Read();
  });
}

void Link::Read() {
  stream_->ReadSome(input_, [self = shared_from_this()](std::error_code error, std::size_t bytes) {
    if (self->closed_) return;
    if (error == asio::error::eof) return self->Break("the server closed the connection");
    if (error) return self->Break(error.message());
    self->watcher_.received(ByteView(self->input_.data(), bytes));
    if (!self->closed_) self->Read();
  });
}

void Link::Flush() {
  if (writing_ || closed_) return;
  output_.clear();
  if (output_.capacity() > kCapacityKept) Bytes().swap(output_);
  written_ = 0;
  watcher_.take_output(output_);
  if (!output_.empty()) Write();
}

void Link::Write() {
  writing_ = true;
  stream_->WriteSome(ByteView(output_).substr(written_),
                     [self = shared_from_this()](std::error_code error, std::size_t bytes) {
                       self->writing_ = false;
                       if (self->closed_) return;
                       if (error) return self->Break(error.message());
                       self->written_ += bytes;
                       if (self->written_ < self->output_.size()) return self->Write();
                       self->Flush();
                     });
}

void Link::Break(const std::string& why) {
  Close();
  watcher_.broken(why);
}

void Link::Close() {
  if (closed_) return;
  closed_ = true;
  stream_->Close();
}

}  // namespace aegis::client
