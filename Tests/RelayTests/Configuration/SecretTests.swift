import Relay
import Testing

@Suite struct SecretTests {
    @Test func `no way of printing shows the text`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(["key": secret], to: &dumped)
        var configuration = Configuration()
        configuration.providers[0].proxy = secret
        dump(configuration, to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Optional(secret) as Any)",
            "\([secret])", String(reflecting: configuration),
            "\(Mirror(reflecting: secret).children.map(\.value))",
            dumped,
        ]
        for text in texts { #expect(!text.contains("hunter2")) }
        #expect("\(secret)" == "•••")
        #expect(secret.revealed() == "hunter2")
    }

    @Test func `secrets are equal when their texts are`() {
        #expect(Secret("abc") == Secret("abc"))
        #expect(Secret("abc") != Secret("abd"))
        #expect(Secret("abc") != Secret("abcd"))
    }
}
