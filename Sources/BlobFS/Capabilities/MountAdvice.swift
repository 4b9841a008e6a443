internal import BlobSystem

extension MountTable.Mount {
    /// What it is, for a person.
    var title: String { "\(type), mounted at \(point) with \(options.joined(separator: ","))" }

    /// What a person should change about it: one sentence each.
    var advice: [String] {
        var advice: [String] = []
        if type.hasPrefix("nfs") {
            if options.contains(where: { $0 == "soft" || $0 == "softerr" }) {
                advice.append("mounted soft, so a server that is slow for a moment causes an I/O error; mount it hard")
            }
            if options.contains("nocto") {
                advice.append("mounted nocto, so writes by other machines may appear late; remove that option")
            }
            for option in options where option == "noac" || option == "lookupcache=none" || option == "actimeo=0" {
                advice.append(
                    "mounted \(option), which the store does not need and which costs a request for each lookup")
            }
        }
        if type == "cifs" || type == "smb3" {
            for option in options where ["cache=loose", "cache=none", "cache=singleclient"].contains(option) {
                advice.append("mounted \(option); mount it with cache=strict, the default")
            }
            if options.contains("nobrl") {
                advice.append("mounted nobrl; the store takes no locks, but locks of other programs do not hold here")
            }
        }
        if type.hasPrefix("fuse") {
            advice.append(
                "a FUSE filesystem (\(type)) guarantees only what its own program does; ask its makers about power cuts"
            )
        }
        if type == "tmpfs" || type == "ramfs" {
            advice.append("\(type) is lost after a restart; nothing on it is durable")
        }
        for option in options where ["nobarrier", "barrier=0"].contains(option) {
            advice.append("mounted \(option), so flushed data may be lost in a power cut; remove that option")
        }
        return advice
    }
}
