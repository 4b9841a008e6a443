internal import BlobStore
internal import ObjectStorage

/// What a `maven-metadata.xml` says of an artifact, or of one snapshot version of it, as the feed's packages tell.
///
/// An artifact has versions: folders with files that are named after both. A snapshot version has files with a time and
/// a number of the build instead of `SNAPSHOT`; the latest of each kind counts.
/// - Source: Maven's repository metadata model 1.1.
struct MavenMetadata {
    private static let snapshot = "-SNAPSHOT"

    /// A file of a snapshot version: what stands behind the artifact's name in its own.
    private struct Build {
        let value: String
        let timestamp: String
        let number: Int
        let classifier: String
        let ending: String
    }

    private let folder: [String]
    /// When the first file of each version was published.
    private var versions: [String: Timestamp] = [:]
    private var builds: [Build] = []
    private var updated: Timestamp?

    /// - Parameter folder: the segments of the path in which the metadata stands; an artifact is in a group. Nil also
    ///   where a name cannot stand in XML: no Maven client can ask for that.
    init?(folder: [String]) {
        if folder.count < 2 || !folder.allSatisfy(\.fitsXML) { return nil }
        self.folder = folder
    }

    private var isOfVersion: Bool { folder.last?.hasSuffix(Self.snapshot) == true && folder.count > 2 }
    private var group: [String] { folder.dropLast(isOfVersion ? 2 : 1) }
    private var artifact: String { folder.dropLast(isOfVersion ? 1 : 0).last ?? "" }

    /// Whether a package can tell something: only then its record has to be read.
    func wants(_ path: PackagePath) -> Bool {
        let segments = path.segments
        guard let name = segments.last, path.text.fitsXML else { return false }
        if isOfVersion { return segments.count == folder.count + 1 && build(name) != nil }
        guard segments.count == folder.count + 2, let version = segments.dropLast().last else { return false }
        let stem = version.hasSuffix(Self.snapshot) ? String(version.dropLast(Self.snapshot.count)) : version
        return name.hasPrefix("\(artifact)-\(stem)")
    }

    /// Takes note of a package that is wanted.
    mutating func add(_ record: PackageRecord) {
        let segments = record.path.segments
        updated = max(updated ?? record.published, record.published)
        if isOfVersion { return builds += [build(segments.last ?? "")].compactMap(\.self) }
        guard let version = segments.dropLast().last else { return }
        versions[version] = min(versions[version] ?? record.published, record.published)
    }

    /// Reads `artifact-1.0-20261128.101500-3-sources.jar`.
    private func build(_ name: String) -> Build? {
        let base = (folder.last ?? "").dropLast(Self.snapshot.count)
        let start = "\(artifact)-\(base)-"
        guard name.hasPrefix(start) else { return nil }
        let parts = name.dropFirst(start.count).split(separator: "-", maxSplits: 1)
        guard parts.count == 2, parts[0].utf8.count == 15, parts[0].allSatisfy({ $0.isNumber || $0 == "." }) else {
            return nil
        }
        let digits = parts[1].prefix { $0.isASCII && $0.isNumber }
        let rest = parts[1].dropFirst(digits.count)
        guard let number = Int(digits), let dot = rest.firstIndex(of: ".") else { return nil }
        let classifier = rest[..<dot].drop { $0 == "-" }
        return Build(
            value: "\(base)-\(parts[0])-\(number)", timestamp: String(parts[0]), number: number,
            classifier: String(classifier), ending: String(rest[dot...].dropFirst()))
    }

    // MARK: As XML

    /// Nil where there is nothing.
    var text: String? {
        guard let updated, isOfVersion ? !builds.isEmpty : !versions.isEmpty else { return nil }
        let moment = updated.description.filter(\.isNumber)
        let head =
            Self.element("groupId", group.joined(separator: ".")) + Self.element("artifactId", artifact)
            + (isOfVersion ? Self.element("version", folder.last ?? "") : "")
        let versioning = isOfVersion ? snapshotVersions(moment) : releases
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <metadata modelVersion="1.1.0">
            \(head)<versioning>
            \(versioning)\(Self.element("lastUpdated", moment))</versioning>
            </metadata>

            """
    }

    /// In the order in which they were published, of which the last counts as the latest.
    private var releases: String {
        let names = versions.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
        let release = names.last { !$0.hasSuffix(Self.snapshot) }
        return Self.element("latest", names.last ?? "") + (release.map { Self.element("release", $0) } ?? "")
            + "<versions>\n" + names.map { Self.element("version", $0) }.joined() + "</versions>\n"
    }

    private func snapshotVersions(_ moment: String) -> String {
        let sorted = builds.sorted { ($0.timestamp, $0.number) < ($1.timestamp, $1.number) }
        guard let last = sorted.last else { return "" }
        var latest: [String: Build] = [:]
        for build in sorted { latest["\(build.classifier):\(build.ending)"] = build }
        let files = latest.sorted { $0.key < $1.key }.map { _, build in
            "<snapshotVersion>\n"
                + (build.classifier.isEmpty ? "" : Self.element("classifier", build.classifier))
                + Self.element("extension", build.ending) + Self.element("value", build.value)
                + Self.element("updated", build.timestamp.filter(\.isNumber)) + "</snapshotVersion>\n"
        }
        return "<snapshot>\n" + Self.element("timestamp", last.timestamp)
            + Self.element("buildNumber", "\(last.number)") + "</snapshot>\n<snapshotVersions>\n" + files.joined()
            + "</snapshotVersions>\n"
    }

    private static func element(_ name: String, _ text: String) -> String {
        "<\(name)>\(text.escapedForMarkup)</\(name)>\n"
    }
}
