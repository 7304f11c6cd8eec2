internal import Relay

/// Where everything is in the table of a machine's limits.
///
/// A page with the header, then buckets, first those of callers, then those of addresses: a flood of the ones leaves the
/// others alone. A bucket is a lock, marks and cells; a cell is a checksum, a key and a record, and its mark a few bits of
/// the key, so that a key is found without a look at all cells.
///
/// Keys meet in buckets by chance. There are more cells than keys to remember, and many in a bucket, so that of all callers
/// that there is said to be room for, about one in a thousand finds his bucket full, and none of two thirds of so many.
struct LimitTableLayout: Sendable, Equatable {
    /// Cells for 8192 callers, or classes of theirs.
    static let callerCells = 12_288
    /// Cells for 4096 addresses.
    static let addressCells = 6144
    /// How many cells share a lock. A key is in any cell of its bucket.
    static let cellsPerBucket = 32

    /// The first bytes of the file that say what it is.
    static let headerBytes = 80
    private static let pageBytes = 4096
    /// A line of the processor's cache, so that no lock is beside another bucket's cell.
    private static let lineBytes = 64
    /// The checksum, the tag, and both halves of the key.
    static let recordOffset = 32
    /// How far cells are from each other.
    static let cellBytes = roundUp(recordOffset + MemoryLayout<LimitRecord>.stride)
    /// How far buckets are from each other; the first line has the lock, the second one the marks, two bytes each.
    static let bucketBytes = 2 * lineBytes + cellsPerBucket * cellBytes

    /// How many buckets callers have.
    let callerBuckets: Int
    /// How many addresses have.
    let addressBuckets: Int

    /// A table for so many; at least one bucket each.
    init(callerCells: Int = callerCells, addressCells: Int = addressCells) {
        callerBuckets = max(callerCells / Self.cellsPerBucket, 1)
        addressBuckets = max(addressCells / Self.cellsPerBucket, 1)
    }

    /// The length of the file.
    var fileBytes: Int { Self.pageBytes + (callerBuckets + addressBuckets) * Self.bucketBytes }

    /// Where a key belongs.
    struct Place {
        /// The bucket.
        let bucket: Int
        /// The mark of its cell: never 0, which is that of a cell that was never used.
        let mark: UInt16
    }

    /// Where a key belongs in the table that has the salt.
    func place(of key: LimitKey, salt: LimitSalt) -> Place {
        // The halves are hashes already; the class must not always come to the same bucket.
        let product = (key.low ^ salt.low).multipliedFullWidth(
            by: key.high ^ salt.high ^ (key.limitClass.number &* 0x9E37_79B9_7F4A_7C15))
        let hash = product.high ^ product.low
        let bucket =
            switch key.scope {
            case .caller: Int(hash % UInt64(callerBuckets))
            case .address: callerBuckets + Int(hash % UInt64(addressBuckets))
            }
        return Place(bucket: bucket, mark: UInt16(truncatingIfNeeded: hash >> 48) | 1)
    }

    /// Where a bucket begins, with its lock.
    func offset(ofBucket bucket: Int) -> Int { Self.pageBytes + bucket * Self.bucketBytes }

    /// Where the marks of a bucket begin.
    func offset(ofMarksIn bucket: Int) -> Int { offset(ofBucket: bucket) + Self.lineBytes }

    /// Where the cells of a bucket begin.
    func offset(ofCellsIn bucket: Int) -> Int { offset(ofBucket: bucket) + 2 * Self.lineBytes }

    private static func roundUp(_ count: Int) -> Int { (count + lineBytes - 1) / lineBytes * lineBytes }

    // MARK: The header

    /// What the first bytes of a file tell of it. One of another run of the machine is of another version, too.
    enum Verdict {
        case same, otherVersion, foreign
    }

    private static let magic = Array("Fastrelay limits".utf8)
    /// Goes up when the meaning of any byte changes, those of `LimitRecord` included.
    private static let version = 5
    /// Where the salt is: the last of the header.
    static let saltOffset = headerBytes - 16

    private var numbers: [Int] {
        [Self.version, Self.cellBytes, MemoryLayout<LimitRecord>.size, callerBuckets, addressBuckets]
    }

    /// The first bytes of a new file: name, version, sizes, counts, in which run of the machine and when it was made, and
    /// the salt.
    func header(createdUnixSeconds: Int, salt: LimitSalt, boot: BootIdentity = .current) -> [UInt8] {
        var bytes = Self.magic
        for number in numbers { bytes += withUnsafeBytes(of: UInt32(clamping: number)) { Array($0) } }
        // All times in it are of the clock that begins with that run.
        bytes += boot.bytes
        bytes += [UInt8](repeating: 0, count: 4)
        bytes += withUnsafeBytes(of: Int64(createdUnixSeconds)) { Array($0) }
        for half in [salt.low, salt.high] { bytes += withUnsafeBytes(of: half) { Array($0) } }
        return bytes
    }

    /// Whether a file with these first bytes is such a one.
    func verdict(onHeader bytes: some RandomAccessCollection<UInt8>) -> Verdict {
        guard bytes.count == Self.headerBytes, bytes.starts(with: Self.magic) else { return .foreign }
        let known = header(createdUnixSeconds: 0, salt: LimitSalt(low: 0, high: 0))
        let compared = Self.magic.count + 4 * numbers.count + BootIdentity.count
        return bytes.prefix(compared).elementsEqual(known.prefix(compared)) ? .same : .otherVersion
    }
}

/// What nobody outside knows of a table: which keys meet in one bucket.
///
/// Whoever could find that out would choose credentials that push out what he has used.
struct LimitSalt: Sendable, Equatable {
    /// What goes with the second half of a key.
    let low: UInt64
    /// What goes with the first one.
    let high: UInt64

    /// One that is known.
    init(low: UInt64, high: UInt64) {
        (self.low, self.high) = (low, high)
    }

    /// One that is drawn by chance.
    init() {
        var random = SystemRandomNumberGenerator()
        (low, high) = (random.next(), random.next())
    }
}

extension LimitClass {
    /// A number that stays the same in all versions.
    fileprivate var number: UInt64 {
        switch self {
        case .text: 0
        case .image: 1
        case .audio: 2
        case .files: 3
        }
    }
}

extension LimitKey {
    /// What a cell has beside the hash: never 0.
    var tag: UInt64 {
        switch scope {
        case .caller: 0x100 | limitClass.number
        case .address: 0x200 | limitClass.number
        }
    }
}
