/// What calls have in common that can take over each other's handle with most of its options: everyday calls to one
/// address.
struct CallKind {
    /// Up to here a body is copied into libcurl and leaves in one packet with the head.
    static let copiedBodyBytes = 64 * 1024

    // `isOf` compares each of these: one forgotten there would give a call another's certificate, proxy or patience.
    private let url: String
    /// Whether there is a body.
    let hasBody: Bool
    private let connectMilliseconds: Int
    private let receiveBufferBytes: Int
    private let mayShareConnection: Bool
    private let proxy: String?
    private let goesStraight: Bool
    private let certificateFile: String?

    /// The kind of a call; nil for one that is like no other, such as to look at the other side or to send a long body.
    init?(_ options: borrowing TransferOptions) {
        guard Self.isOfSome(options) else { return nil }
        url = options.url
        hasBody = options.method == "POST"
        connectMilliseconds = options.connectMilliseconds
        receiveBufferBytes = options.receiveBufferBytes
        mayShareConnection = options.mayShareConnection
        proxy = options.proxy
        goesStraight = options.goesStraight
        certificateFile = options.certificateFile
    }

    /// Whether a call is of any kind.
    static func isOfSome(_ options: borrowing TransferOptions) -> Bool {
        (options.method == "GET" || options.method == "POST") && options.mayConnect == nil
            && options.further == nil && options.body.count <= copiedBodyBytes && options.verifiesCertificate
            && !options.speaksOldTLS && !options.isReported
    }

    /// Whether a call is of this kind, too.
    func isOf(_ options: borrowing TransferOptions) -> Bool {
        Self.isOfSome(options) && url == options.url && hasBody == (options.method == "POST")
            && connectMilliseconds == options.connectMilliseconds
            && receiveBufferBytes == options.receiveBufferBytes
            && mayShareConnection == options.mayShareConnection && proxy == options.proxy
            && goesStraight == options.goesStraight && certificateFile == options.certificateFile
    }
}
