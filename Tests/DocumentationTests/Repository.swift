import FoundationEssentials

/// The files of this repository, as the tests find them from where they stand.
enum Repository {
    static let top = String(#filePath.dropLast("/Tests/DocumentationTests/Repository.swift".count))

    /// The bytes of a file, by its path from the top.
    static func bytes(_ path: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(top)/\(path)"))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(top)/\(path)")
    }

    /// Every Markdown file, but in folders of builds and fixtures' packages.
    static func markdownFiles() throws -> [String] {
        try files(below: "").filter { $0.hasSuffix(".md") }
    }

    /// Files below a folder that are the repository's own.
    static func files(below folder: String) throws -> [String] {
        let parent = folder.isEmpty ? "" : folder + "/"
        var found: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(top)/\(folder)").sorted() {
            if folder.isEmpty && name.hasPrefix(".") { continue }
            var isFolder = false
            _ = FileManager.default.fileExists(atPath: "\(top)/\(parent)\(name)", isDirectory: &isFolder)
            found += isFolder ? try files(below: parent + name) : [parent + name]
        }
        return found
    }
}
