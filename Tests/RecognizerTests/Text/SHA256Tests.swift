import Recognizer
import Testing

@Suite struct SHA256Tests {
    private func digest(_ bytes: [UInt8], pieces: [Int] = []) -> String {
        var hash = SHA256()
        var rest = bytes[...]
        for piece in pieces {
            rest.prefix(piece).withUnsafeBytes { hash.update($0) }
            rest = rest.dropFirst(piece)
        }
        rest.withUnsafeBytes { hash.update($0) }
        return SHA256.hex(hash.finalize())
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func equalsThePublishedVectors(text: String, expected: String) {
        #expect(digest(Array(text.utf8)) == expected)
        var hash = SHA256()
        hash.update(text)
        #expect(SHA256.hex(hash.finalize()) == expected)
    }

    @Test(arguments: [
        (55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"),
        (56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"),
        (63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"),
        (64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"),
        (65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"),
        (100_000, "db8f1d69251d95e2c88268d3c540533cc5182e0e33065a6f3f322f606a574489"),
    ])
    func padsEveryLength(count: Int, expected: String) {
        #expect(digest((0..<count).map { UInt8(truncatingIfNeeded: $0) }) == expected)
    }

    @Test(arguments: [[1, 2, 3], [64, 64], [63, 2, 127], [0, 65], [128, 1]])
    func doesNotDependOnThePieces(pieces: [Int]) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(digest(bytes, pieces: pieces) == digest(bytes))
    }
}
