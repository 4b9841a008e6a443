import BlobSystem

extension SimulatedDisk: SystemCalls {
    private func spending<Value>(_ call: (inout State) throws(Errno) -> Value) throws(Errno) -> Value {
        let result = state.withLock { state -> Result<Value, Errno> in
            do throws(Errno) {
                try state.spend()
                return .success(try call(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    var effectiveUser: UInt32 { 1_000 }
    var wallTime: FileTime { state.withLock { $0.now } }
    var timeSinceBoot: Duration { LinuxCalls().timeSinceBoot }
    func pause(microseconds: UInt32) {}

    func open(path: String, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try spending { (state) throws(Errno) in
            guard path == Self.rootPath else { throw .notFound }
            return state.open(1)
        }
    }

    func open(_ path: String, beneath directory: Int32, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> Int32 {
        try spending { (state) throws(Errno) in
            let folder = try state.handle(directory)
            if flags.contains(.create) {
                let node = try state.create(path, in: folder, isFolder: false, mode: mode)
                return state.open(node, as: Name(folder: folder, name: path))
            }
            let node = try state.find(path, from: folder)
            if flags.contains(.directory), state.nodes[node]?.isFolder != true { throw .notDirectory }
            if state.nodes[node]?.isFolder == true { return state.open(node) }
            let name = Name(folder: folder, name: path)
            try state.expectNoOtherName(open: name, of: node)
            return state.open(node, as: name)
        }
    }

    func close(_ descriptor: Int32) throws(Errno) { state.withLock { $0.close(descriptor) } }

    func status(of descriptor: Int32) throws(Errno) -> FileStatus {
        try spending { (state) throws(Errno) in try state.status(state.handle(descriptor)) }
    }

    func status(of name: String, in directory: Int32) throws(Errno) -> FileStatus {
        try spending { (state) throws(Errno) in try state.status(state.find(name, from: state.handle(directory))) }
    }

    func status(ofPath path: String, followingLinks: Bool) throws(Errno) -> FileStatus {
        try spending { (state) throws(Errno) in try state.status(1) }
    }

    func filesystemType(of descriptor: Int32) throws(Errno) -> UInt64 {
        state.withLock { $0.share.isSMB } ? 0xFE53_4D42 : 0xEF53
    }

    func space(of descriptor: Int32) throws(Errno) -> FilesystemSpace {
        FilesystemSpace(totalBytes: 1 << 40, freeBytes: 1 << 39, totalFiles: 0, freeFiles: 0)
    }

    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try spending { (state) throws(Errno) in
            let bytes = state.nodes[try state.handle(descriptor)]?.bytes ?? []
            let part = bytes.dropFirst(Int(offset)).prefix(buffer.count)
            buffer.copyBytes(from: part)
            return part.count
        }
    }

    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        throw .noSuchCall
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try spending { (state) throws(Errno) in
            let node = try state.handle(descriptor)
            let end = Int(offset) + bytes.count
            let size = state.nodes[node]?.bytes.count ?? 0
            if size < end { state.nodes[node]?.bytes += [UInt8](repeating: 0, count: end - size) }
            state.nodes[node]?.bytes.replaceSubrange(Int(offset)..<end, with: bytes)
            state.touch(node)
            return bytes.count
        }
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int { throw .noSuchCall }

    func readDirectory(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try spending { (state) throws(Errno) in
            let node = try state.handle(descriptor)
            let names = state.nodes[node]?.names ?? [:]
            var left = state.handles[descriptor]?.listed ?? names.keys.sorted()
            var filled = 0
            while let name = left.first, let child = names[name] {
                let kind: FileStatus.Kind = state.nodes[child]?.isFolder == true ? .directory : .file
                guard let length = DirectoryEntries.append(Array(name.utf8), kind, to: buffer, at: filled) else {
                    break
                }
                filled += length
                left.removeFirst()
            }
            state.handles[descriptor]?.listed = left
            return filled
        }
    }

    func makeDirectory(_ name: String, in directory: Int32, mode: UInt32) throws(Errno) {
        _ = try spending { (state) throws(Errno) in
            try state.create(name, in: state.handle(directory), isFolder: true, mode: mode)
        }
    }

    func link(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try spending { (state) throws(Errno) in
            let (source, target) = (try state.handle(directory), try state.handle(newDirectory))
            guard let node = state.nodes[source]?.names[name] else { throw .notFound }
            if state.nodes[target]?.names[newName] != nil { throw .exists }
            state.nodes[target]?.names[newName] = node
            state.touch(target)
        }
    }

    func rename(_ name: String, in directory: Int32, to newName: String, in newDirectory: Int32) throws(Errno) {
        try spending { (state) throws(Errno) in
            let (source, target) = (try state.handle(directory), try state.handle(newDirectory))
            guard let node = state.nodes[source]?.names.removeValue(forKey: name) else { throw .notFound }
            state.nodes[target]?.names[newName] = node
            state.renameHandles(Name(folder: source, name: name), Name(folder: target, name: newName))
            state.renames.append(Rename(node: node, source: (source, name), target: (target, newName)))
            state.touch(source)
            state.touch(target)
        }
    }

    func unlink(_ name: String, in directory: Int32) throws(Errno) {
        try spending { (state) throws(Errno) in
            let folder = try state.handle(directory)
            guard state.nodes[folder]?.names.removeValue(forKey: name) != nil else { throw .notFound }
            state.unlinked(Name(folder: folder, name: name))
            state.touch(folder)
        }
    }

    func removeDirectory(_ name: String, in directory: Int32) throws(Errno) {
        try spending { (state) throws(Errno) in
            let folder = try state.handle(directory)
            guard let node = state.nodes[folder]?.names[name] else { throw .notFound }
            guard state.nodes[node]?.names.isEmpty == true else { throw .notEmpty }
            state.nodes[folder]?.names[name] = nil
        }
    }

    func sync(_ descriptor: Int32) throws(Errno) {
        try spending { (state) throws(Errno) in
            try state.flush([state.handle(descriptor)])
        }
    }

    func syncFilesystem(of descriptor: Int32) throws(Errno) {
        try spending { (state) throws(Errno) in
            try state.flush(Array(state.nodes.keys))
        }
    }

    func startWriteBack(_ descriptor: Int32, offset: Int64, count: Int64) throws(Errno) {
        try spending { (_) throws(Errno) in }
    }

    func awaitWriteBack(_ descriptor: Int32) throws(Errno) { try spending { (_) throws(Errno) in } }

    func setTimes(_ descriptor: Int32, to moment: FileTime?) throws(Errno) {
        try spending { (state) throws(Errno) in
            state.touch(try state.handle(descriptor), moment)
        }
    }

    func setTimes(_ name: String, in directory: Int32, to moment: FileTime?) throws(Errno) {
        try spending { (state) throws(Errno) in
            state.touch(try state.find(name, from: state.handle(directory)), moment)
        }
    }

    func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(Errno) {
        try spending { (state) throws(Errno) in
            let node = try state.handle(descriptor)
            state.nodes[node]?.permissions = permissions
        }
    }

    func setOwner(_ descriptor: Int32, to owner: UInt32?, group: UInt32?) throws(Errno) {
        try spending { (_) throws(Errno) in }
    }

    func clone(_ source: Int32, into destination: Int32) throws(Errno) { throw .notSupported }
}
