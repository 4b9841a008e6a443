internal import CLibXML2

/// Parses XML as it comes, and tells elements one by one.
///
/// What is written on the wire by somebody else is bounded in depth and length. A document type is refused, so that
/// there are no entities but the five of XML itself, and nothing is ever fetched.
/// - Source: libxml2's SAX2 interface.
final class XMLPushParser {
    /// What hears of the elements.
    protocol Listener {
        /// - Parameter parent: the name of the element around it; empty for the root.
        mutating func begin(_ name: String, in parent: String)
        /// - Parameter text: what stood directly in it.
        mutating func end(_ name: String, in parent: String, _ text: String)
    }

    private static let maximumDepth = 16
    private static let maximumTextBytes = 64 << 10

    private(set) var listener: any Listener
    private var context: xmlParserCtxtPtr?
    private var names: [String] = []
    private var text: [UInt8] = []
    private(set) var flaw: String?

    init(_ listener: any Listener) {
        self.listener = listener
        var handlers = xmlSAXHandler()
        handlers.initialized = UInt32(XML_SAX2_MAGIC)
        handlers.startElementNs = { raw, name, _, _, _, _, _, _, _ in parser(raw)?.begin(name) }
        handlers.endElementNs = { raw, _, _, _ in parser(raw)?.end() }
        handlers.characters = { raw, bytes, count in parser(raw)?.add(bytes, count) }
        handlers.cdataBlock = { raw, bytes, count in parser(raw)?.add(bytes, count) }
        handlers.internalSubset = { raw, _, _, _ in parser(raw)?.fail("it has a document type") }
        handlers.serror = { _, _ in }  // Flaws are told by the parser's answer, not printed.
        context = xmlCreatePushParserCtxt(&handlers, Unmanaged.passUnretained(self).toOpaque(), nil, 0, nil)
        if context == nil { flaw = "there is no memory to parse it" }
        xmlCtxtUseOptions(context, Int32(XML_PARSE_NONET.rawValue))
    }

    deinit {
        guard let context else { return }
        // The document that SAX callbacks of one's own never build.
        xmlFreeDoc(context.pointee.myDoc)
        xmlFreeParserCtxt(context)
    }

    /// - Returns: false when the document is flawed; nothing more is to be fed then.
    func feed(_ bytes: [UInt8], isEnd: Bool) -> Bool {
        guard flaw == nil, let context else { return false }
        let code = bytes.withUnsafeBytes { all in
            xmlParseChunk(
                context, all.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(all.count), isEnd ? 1 : 0)
        }
        if code != 0, flaw == nil { flaw = "it is not well-formed XML" }
        if isEnd, !names.isEmpty, flaw == nil { flaw = "it ends early" }
        return flaw == nil
    }

    fileprivate func begin(_ raw: UnsafePointer<xmlChar>?) {
        guard flaw == nil, let raw else { return }
        guard names.count < Self.maximumDepth else { return fail("it is nested too deeply") }
        let name = String(cString: raw)
        listener.begin(name, in: names.last ?? "")
        names.append(name)
        text.removeAll(keepingCapacity: true)
    }

    fileprivate func end() {
        guard flaw == nil, let name = names.popLast() else { return }
        listener.end(name, in: names.last ?? "", String(decoding: text, as: UTF8.self))
        text.removeAll(keepingCapacity: true)
    }

    fileprivate func add(_ bytes: UnsafePointer<xmlChar>?, _ count: Int32) {
        guard flaw == nil, let bytes else { return }
        guard text.count + Int(count) <= Self.maximumTextBytes else { return fail("it has a text longer than 64 KiB") }
        text.append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    fileprivate func fail(_ flaw: String) {
        if self.flaw == nil { self.flaw = flaw }
        if let context { xmlStopParser(context) }
    }
}

private func parser(_ raw: UnsafeMutableRawPointer?) -> XMLPushParser? {
    raw.map { Unmanaged<XMLPushParser>.fromOpaque($0).takeUnretainedValue() }
}
