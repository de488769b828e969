package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The options of TCP")
class TcpOptionsTest {

  @Test
  @DisplayName("leave a peer that takes nothing as much time as the proxy does")
  void pause() {
    Map<ChannelOption<?>, Object> set = new HashMap<>();
    Transport.EPOLL.keepAlive(
        new Transport.Options() {
          @Override
          public <T> void set(ChannelOption<T> option, T value) {
            set.put(option, value);
          }
        },
        ProxyLimits.defaults().stall());
    assertThat((int) set.get(EpollChannelOption.TCP_USER_TIMEOUT))
        .isEqualTo((int) ProxyLimits.defaults().stall().toMillis());
  }
}
