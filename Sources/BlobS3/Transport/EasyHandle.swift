internal import BlobStore
internal import CLibCurl

/// Owns one of curl's easy handles, and checks every option that is set on it. Used by its loop's thread alone.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    private let detail: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?

    /// Fails where memory is out.
    init?() {
        guard let raw = curl_easy_init() else { return nil }
        self.raw = raw
        detail = .allocate(capacity: Int(CURL_ERROR_SIZE))
        detail.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_slist_free_all(fields)
        detail.deallocate()
    }

    /// What curl has to say about the last failure, beyond its code; empty when nothing.
    var failureDetail: String { String(cString: detail) }

    /// Takes all options back.
    func reset() {
        curl_easy_reset(raw)
        curl_slist_free_all(fields)
        fields = nil
        detail[0] = 0
    }

    func set(_ option: CURLoption, _ value: Int) throws(StoreError) {
        try check(option, blob_curl_set_long(raw, option, value))
    }

    func set(_ option: CURLoption, offset value: Int64) throws(StoreError) {
        try check(option, blob_curl_set_offset(raw, option, curl_off_t(value)))
    }

    /// curl keeps a copy of the text.
    func set(_ option: CURLoption, _ value: String?) throws(StoreError) {
        try check(option, blob_curl_set_string(raw, option, value))
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(StoreError) {
        try check(option, blob_curl_set_pointer(raw, option, pointer))
    }

    func set(
        _ option: CURLoption,
        _ function:
            @convention(c) (
                UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
            ) -> Int
    ) throws(StoreError) {
        try check(option, blob_curl_set_data(raw, option, function))
    }

    func setSeek(
        _ function: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, Int32) -> Int32
    ) throws(StoreError) {
        try check(CURLOPT_SEEKFUNCTION, blob_curl_set_seek(raw, CURLOPT_SEEKFUNCTION, function))
    }

    /// Collects curl's words about failures.
    func collectDetail() throws(StoreError) {
        try check(CURLOPT_ERRORBUFFER, blob_curl_set_pointer(raw, CURLOPT_ERRORBUFFER, detail))
    }

    func set(headers: HTTPHeaders) throws(StoreError) {
        // "Expect: 100-continue" costs a round trip, and some servers answer it twice.
        var lines = ["Expect:"]
        for field in headers.fields {
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        for line in lines {
            guard let longer = curl_slist_append(fields, line) else {
                throw StoreError(curl: CURLE_OUT_OF_MEMORY, detail: "", url: "")
            }
            fields = longer
        }
        try set(CURLOPT_HTTPHEADER, pointer: fields)
    }

    private func check(_ option: CURLoption, _ code: CURLcode) throws(StoreError) {
        guard code != CURLE_OK else { return }
        throw StoreError(curl: code, detail: "the option \(option.rawValue) was refused", url: "")
    }
}

/// curl's state for the whole process.
enum CurlLibrary {
    /// Must be asked for before anything else; done once.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
