import Dialects
import Testing
import Wire

struct OneMinImageEditTests {
    private func request(
        _ purpose: ImageRequest.Purpose, _ change: (inout ImageRequest) -> Void = { _ in }
    ) -> ImageRequest {
        var request = ImageRequest(purpose)
        if purpose == .edit { request.prompt = "add a hat" }
        change(&request)
        return request
    }

    @Test(
        arguments: [
            (
                "gpt-image-1", 1,
                #"{"imageUrl":"p0","prompt":"add a hat","size":"1024x1024","n":1,"quality":"medium"}"#
            ),
            (
                "gpt-image-2", 1,
                #"{"imageUrl":"p0","prompt":"add a hat","size":"1024x1024","quality":"medium"}"#
            ),
            (
                "qwen-image-edit-plus", 3,
                #"{"imageUrl":"p0","additional_images":["p1","p2"],"prompt":"add a hat","n":1}"#
            ),
            (
                "gemini-3-pro-image-preview", 2,
                #"{"imageUrl":"p0","referenceImage1":"p1","prompt":"add a hat","imageSize":"1K"}"#
            ),
            (
                "stable-diffusion-xl-1024-v1-0", 1,
                #"{"imageUrl":"p0","prompt":"add a hat","samples":1}"#
            ),
            ("black-forest-labs/flux-2-pro", 1, #"{"imageUrl":"p0","prompt":"add a hat"}"#),
            ("an-editor-of-tomorrow", 1, #"{"imageUrl":"p0","prompt":"add a hat"}"#),
        ])
    func `pictures stand where the model looks for them`(
        _ model: String, _ count: Int, _ expected: String
    ) throws {
        let plan = try OneMinImagePlan(request(.edit), model: model, pictureCount: count)
        let body = try JSONValue(parsing: plan.body(pictures: (0..<count).map { "p\($0)" }))
        #expect(body["type"] == "IMAGE_EDITOR")
        #expect(body["promptObject"].map { text($0.serialized()) } == expected)
        let failure = #expect(throws: Failure.self) {
            try OneMinImagePlan(request(.edit), model: model, pictureCount: 4)
        }
        #expect(failure?.parameter == "image")
    }

    @Test(
        arguments: [
            ("dall-e-2", #"{"imageUrl":"p","size":"512x512","n":2}"#),
            ("clipdrop", #"{"imageUrl":"p","n":2}"#), ("magic-art", #"{"imageUrl":"p","n":4}"#),
        ])
    func `a variation has no prompt`(_ model: String, _ expected: String) throws {
        let request = request(.variation) {
            $0.prompt = "ignored"
            $0.count = 2
            $0.size = model == "dall-e-2" ? "512x512" : nil
        }
        let plan = try OneMinImagePlan(request, model: model, pictureCount: 1)
        let body = try JSONValue(parsing: plan.body(pictures: ["p"]))
        #expect(body["type"] == "IMAGE_VARIATOR")
        #expect(body["promptObject"].map { text($0.serialized()) } == expected)
        #expect(plan.ignored == (model == "magic-art" ? ["prompt", "n"] : ["prompt"]))
    }

    @Test func `sides of an edit are in bounds`() throws {
        let plan = try OneMinImagePlan(
            request(.edit) { $0.size = "1024x1024" }, model: "qwen-image-edit-plus", pictureCount: 1)
        #expect(text(plan.body(pictures: ["p"])).contains(#""width":1024,"height":1024"#))
        let wide = try OneMinImagePlan(
            request(.edit) { $0.size = "16:9" }, model: "qwen-image-edit-plus", pictureCount: 1)
        #expect(text(wide.body(pictures: ["p"])).contains(#""width":1344,"height":752"#))
        let failure = #expect(throws: Failure.self) {
            try OneMinImagePlan(
                request(.edit) { $0.size = "256x256" }, model: "qwen-image-edit-plus", pictureCount: 1)
        }
        #expect(failure?.message.contains("512 to 2048") == true)
    }

    @Test(arguments: ["gpt-image-1", "an-editor-of-tomorrow"])
    func `a mask is refused`(_ model: String) {
        let failure = #expect(throws: Failure.self) {
            try OneMinImagePlan(request(.edit) { $0.mask = 1 }, model: model, pictureCount: 1)
        }
        #expect(failure?.kind == .unsupported && failure?.parameter == "mask")
    }
}
