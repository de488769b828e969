package dev.sharder.examples.hub.lti;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is signed is what RFC 5849 says; the signatures were made with Python's hmac. */
class OauthSignatureTest {

  @Test
  void theBaseStringIsThatOfTheExampleInTheRfc() {
    LaunchForm form =
        LaunchForm.parse("b5=%3D%253D&a3=a&c%40=&a2=r%20b")
            .and(
                LaunchForm.parse(
                    "oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a&oauth_signature=bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"))
            .and(LaunchForm.parse("c2&a3=2+q"));
    assertThat(OauthSignature.base(URI.create("http://EXAMPLE.COM:80/request"), form))
        .isEqualTo(
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q"
                + "%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_"
                + "key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m"
                + "ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk"
                + "9d7dh3k39sjv7");
  }

  @Test
  void aFormThatRepeatsFieldsAndHasEveryKindOfCharacterIsSignedAsElsewhere() {
    LaunchForm form =
        LaunchForm.parse(
            "a3=2+q&a3=a&a3=a&c2&c%40=&x%3Ay=1&x0=1&n=%C3%A9%7E*%27()!&roles=Learner%2CInstructor"
                + "&oauth_consumer_key=k&oauth_nonce=n%20%2B&oauth_timestamp=137131201"
                + "&oauth_signature_method=HMAC-SHA1&oauth_version=1.0&p=%F0%9F%90%8D");
    assertThat(
            OauthSignature.of(
                URI.create("https://hub.example.org/hub/lti/launch"), form, "s&cr=t é"))
        .isEqualTo("SApbUN2Qxk9JV5Wsy+uzv0bl3rI=");
  }

  @Test
  void aRequestForATemporaryCredentialIsSignedAsElsewhere() {
    LaunchForm form =
        LaunchForm.parse(
            "oauth_consumer_key=dpf43f3p2l4k3l03&oauth_signature_method=HMAC-SHA1"
                + "&oauth_timestamp=137131200&oauth_nonce=wIjqoxSnjzGW"
                + "&oauth_callback=http%3A%2F%2Fprinter.example.com%2Fready");
    assertThat(
            OauthSignature.of(
                URI.create("https://photos.example.net/initiate"), form, "kd94hf93k423kf44"))
        .isEqualTo("mNM5Z8uNwlo3ztmT0FcuPtYd41E=");
  }

  @ParameterizedTest
  @CsvSource({
    "http://example.com:8080/a,  http%3A%2F%2Fexample.com%3A8080%2Fa",
    "HTTPS://example.com:443,    https%3A%2F%2Fexample.com%2F",
    "https://example.com:80/A%2fb, https%3A%2F%2Fexample.com%3A80%2FA%252fb",
  })
  void theUrlIsSignedWithoutItsUsualPortAndInSmallLettersBeforeThePath(String url, String signed) {
    assertThat(OauthSignature.base(URI.create(url), LaunchForm.parse("a=b")))
        .isEqualTo("POST&" + signed + "&a%3Db");
  }
}
