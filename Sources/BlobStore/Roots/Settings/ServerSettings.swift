internal import LocalFiles

/// Which server root to use and what id it must carry, with who said so: the one resolution that all share.
///
/// A flag wins over the environment, and that over the config file. A config file is looked for where it is named
/// (`--config`, `BLOBSTORE_CONFIG`), else in `~/.config/blobstore/config.json`, else in
/// `/etc/blobstore/config.json`; never in the working directory, where a checked-out repository could plant one.
public struct ServerSettings: Sendable {
    /// The server root, and which setting named it.
    public let root: Setting<RootURL>
    /// The pinned id of the server root, in lower case.
    public let rootID: Setting<String>?
    /// Where the config file lets a server node listen.
    public let listen: String?
    /// The node's name that the config file gives.
    public let node: String?

    /// - Parameters:
    ///   - root: the value of `--root`.
    ///   - rootID: the value of `--root-id`.
    ///   - configPath: the value of `--config`.
    ///   - schemes: what URLs of roots may be.
    /// - Throws: `invalidArgument` when no root is named, or a value or file is broken.
    public static func resolve(
        root: String?, rootID: String?, configPath: String?, environment: [String: String], schemes: StorageSchemes
    ) async throws(StoreError) -> ServerSettings {
        let config = try await configFile(named: configPath, environment, schemes)
        guard let chosen = chosenRoot(flag: root, environment: environment, config: config) else {
            throw StoreError(
                .invalidArgument,
                "no root is named; give --root URL, set BLOBSTORE_ROOT, or write packagesRoot into a config file")
        }
        let url: RootURL
        do { url = try schemes.url(chosen.value) } catch {
            throw StoreError(.invalidArgument, "\(error.message) (from \(chosen.source))")
        }
        var pin = rootID.map { Setting($0, from: .flag("--root-id")) }
        if pin == nil, let config, let id = config.rootID {
            pin = Setting(id, from: .configFile(config.path, key: "rootId"))
        }
        return ServerSettings(
            root: Setting(url, from: chosen.source),
            rootID: pin.map { Setting($0.value.lowercased(), from: $0.source) },
            listen: config?.listen, node: config?.node)
    }

    /// The settings of a root that do not count, since another one wins: for whoever wonders why.
    /// - Parameters:
    ///   - root: the value of `--root`.
    ///   - configPath: the value of `--config`.
    /// - Returns: where each is set, and what it names; nil for what cannot be read, or names no root.
    public static func hidden(
        root: String?, configPath: String?, environment: [String: String], schemes: StorageSchemes
    ) async throws(StoreError) -> [Setting<RootURL?>] {
        var all: [Setting<String?>] = root.map { [Setting(Optional($0), from: .flag("--root"))] } ?? []
        if let text = environment["BLOBSTORE_ROOT"], !text.isEmpty {
            all.append(Setting(Optional(text), from: .environment("BLOBSTORE_ROOT")))
        }
        var isFirst = true
        for path in places(named: configPath, environment) {
            let config: ConfigFile?
            do throws(StoreError) {
                guard let bytes = try await LocalFile.contents(path, upTo: 1 << 20) else { continue }
                config = try ConfigFile(path: path, bytes: bytes, schemes: schemes)
            } catch {
                if error.code == .cancelled { throw error }
                config = nil
            }
            // A file that counts and names no root hides none.
            if config == nil || !isFirst || config?.packagesRoot != nil {
                all.append(Setting(config?.packagesRoot, from: .configFile(path, key: "packagesRoot")))
            }
            isFirst = false
        }
        return all.dropFirst().map { setting in
            Setting(setting.value.flatMap { try? schemes.url($0) }, from: setting.source)
        }
    }

    /// Where config files are looked for, the one that counts first: a named one, then those in the usual places.
    private static func places(named flag: String?, _ environment: [String: String]) -> [String] {
        let named = [flag, environment["BLOBSTORE_CONFIG"]].compactMap { $0.flatMap { $0.isEmpty ? nil : $0 } }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.config/blobstore/config.json" }
        return named + [home, "/etc/blobstore/config.json"].compactMap { $0 }
    }

    private static func chosenRoot(
        flag: String?, environment: [String: String], config: ConfigFile?
    ) -> Setting<String>? {
        if let flag { return Setting(flag, from: .flag("--root")) }
        if let text = environment["BLOBSTORE_ROOT"], !text.isEmpty {
            return Setting(text, from: .environment("BLOBSTORE_ROOT"))
        }
        guard let config, let text = config.packagesRoot else { return nil }
        return Setting(text, from: .configFile(config.path, key: "packagesRoot"))
    }

    /// The config file that counts; nil when none is named and none is in its usual place.
    private static func configFile(
        named flag: String?, _ environment: [String: String], _ schemes: StorageSchemes
    ) async throws(StoreError) -> ConfigFile? {
        if let path = flag ?? environment["BLOBSTORE_CONFIG"].flatMap({ $0.isEmpty ? nil : $0 }) {
            guard let bytes = try await LocalFile.contents(path, upTo: 1 << 20) else {
                throw StoreError(.notFound, "the config file \(path) does not exist")
            }
            return try ConfigFile(path: path, bytes: bytes, schemes: schemes)
        }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.config/blobstore/config.json" }
        for path in [home, "/etc/blobstore/config.json"].compactMap({ $0 }) {
            if let bytes = try await LocalFile.contents(path, upTo: 1 << 20) {
                return try ConfigFile(path: path, bytes: bytes, schemes: schemes)
            }
        }
        return nil
    }
}

/// A setting's value, and who said it.
public struct Setting<Value: Sendable>: Sendable {
    /// What was set.
    public let value: Value
    /// Where it was set.
    public let source: SettingSource

    /// A value and where it was set.
    public init(_ value: Value, from source: SettingSource) {
        self.value = value
        self.source = source
    }
}

/// Where a setting came from.
public enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    /// A command-line option, with its name.
    case flag(String)
    /// An environment variable, with its name.
    case environment(String)
    /// A key of a config file, with the file's path.
    case configFile(String, key: String)
    /// The feed's record in the catalog.
    case catalog

    public var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .configFile(let path, let key): "config file \(path), key \(key)"
        case .catalog: "catalog"
        }
    }
}
