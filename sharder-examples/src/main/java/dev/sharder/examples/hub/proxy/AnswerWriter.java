package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Writes the answer to one request to its client, and decides how the client sees its end: by the
 * framing of its body, and by whether the connection closes.
 */
final class AnswerWriter {

  private final ClientConnection client;
  private final ProxyLoop loop;
  private final RequestHead request;
  private final BodyDecoder requestBody;

  private boolean begun;
  private int status;
  private Framing framing = Framing.PLAIN;
  private HeadWriter.Ending ending = HeadWriter.Ending.STAYS_OPEN;

  AnswerWriter(ClientConnection client, RequestHead request, BodyDecoder requestBody) {
    this.client = client;
    this.loop = client.loop();
    this.request = request;
    this.requestBody = requestBody;
  }

  /** Returns whether the head was written, so that no other answer can take its place. */
  boolean isBegun() {
    return begun;
  }

  int status() {
    return status;
  }

  /** Returns whether the connection closes; a request whose end was not read is always the last. */
  HeadWriter.Ending ending() {
    return requestBody.isDone() ? ending : HeadWriter.Ending.CLOSES;
  }

  /** Writes an interim answer (1xx), unless the client speaks HTTP/1.0. */
  void writeInterim(ResponseHead head, Target target) {
    if (request.isHttp11() && !begun) {
      write(head, target);
    }
  }

  /** Writes the 101 of a websocket. */
  void writeSwitch(ResponseHead head, Target target) {
    write(head, target);
  }

  private void write(ResponseHead head, Target target) {
    client.write(
        loop.heads().answer(client.channel().alloc(), head, request, target, framing, ending));
  }

  /**
   * Writes the head of a target's answer.
   *
   * @param body how the target has framed the body
   */
  void writeHead(ResponseHead head, BodyDecoder body, Target target) {
    boolean needsEnd = body.isToEnd() || head.find(FieldNames.TRANSFER_ENCODING) >= 0;
    boolean chunked = needsEnd && !body.isDone() && request.isHttp11();
    framing = chunked ? Framing.CHUNKED : Framing.PLAIN;
    begin(head.status());
    write(head, target);
  }

  void writePiece(ByteBuf piece) {
    framing.write(piece, client::write);
  }

  void writeEnd() {
    framing.writeEnd(client::write);
  }

  /** Writes a whole answer of the proxy itself. */
  void writeOwn(Decision.Answer own) {
    begin(own.status());
    client.write(HeadWriter.own(client.channel().alloc(), own, ending));
    if (!request.method().equals("HEAD")) {
      client.write(Unpooled.wrappedBuffer(own.body()));
    }
  }

  private void begin(int answered) {
    begun = true;
    status = answered;
    boolean closes = !request.isPersistent() || !requestBody.isDone() || loop.isDraining();
    ending = closes ? HeadWriter.Ending.CLOSES : HeadWriter.Ending.STAYS_OPEN;
  }
}
