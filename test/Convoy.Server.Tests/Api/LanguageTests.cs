using System.Text;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

/// <summary>Who asks in Chinese is answered in Chinese; what programs read is the same.</summary>
public sealed class LanguageTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private HttpClient english = null!;
    private HttpClient chinese = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        (english, chinese) = (server.Admin, server.For(server.Admin.DefaultRequestHeaders.Authorization!.Parameter));
        chinese.DefaultRequestHeaders.AcceptLanguage.ParseAdd("zh-CN,zh;q=0.9");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("/api/v1/jobs/nobody")]
    [InlineData("/api/v1/jobs?phase=Sleeping")]
    [InlineData("/api/v1/nowhere")]
    public async Task A_refusal_differs_in_its_words_alone(string path) => SameButForWords(await AskAsync(english, path), await AskAsync(chinese, path), "detail");

    [Fact]
    public async Task All_that_is_wrong_with_a_job_is_told_in_Chinese()
    {
        var (told, said) = (await CheckAsync(english, """{"spec": {"name": "A", "roles": {}}}"""), await CheckAsync(chinese, """{"spec": {"name": "A", "roles": {}}}"""));
        SameButForWords(told, said, "detail", "problems");
        said["problems"]!.AsArray().Select(problem => problem!["code"]!.GetValue<string>()).ShouldBe(told["problems"]!.AsArray().Select(problem => problem!["code"]!.GetValue<string>()));
        said["problems"]![0]!["message"]!.GetValue<string>().ShouldContain("必须");
    }

    [Fact]
    public async Task A_token_that_is_none_is_told_in_Chinese()
    {
        using var stranger = server.For("cvy_none");
        stranger.DefaultRequestHeaders.AcceptLanguage.ParseAdd("zh");
        (await AskAsync(stranger, "/api/v1/whoami"))["detail"]!.GetValue<string>().ShouldContain("令牌");
    }

    [Fact]
    public async Task Jobs_events_and_streams_speak_the_language_asked_for()
    {
        var job = await RunningServer.SubmitAsync(english, RunningServer.Spec("exit 3"));
        await RunningServer.FinishedAsync(english, job);
        SameButForWords(await AskAsync(english, $"/api/v1/jobs/{job}"), await AskAsync(chinese, $"/api/v1/jobs/{job}"), "message");
        SameButForWords(await AskAsync(english, $"/api/v1/jobs/{job}/why"), await AskAsync(chinese, $"/api/v1/jobs/{job}/why"), "message", "try");
        (await AskAsync(chinese, $"/api/v1/jobs/{job}/events"))["items"]![0]!["message"]!.GetValue<string>().ShouldBe("由 admin 提交到队列 admin");

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var stream = await (await chinese.SendAsync(request)).Content.ReadAsStringAsync();
        var sent = stream.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line["data: ".Length..])!).ToArray();
        sent[0]["message"]!.GetValue<string>().ShouldBe("由 admin 提交到队列 admin");
        stream.ShouldContain("\"reason\":\"User\"");
    }

    private static async Task<JsonNode> AskAsync(HttpClient client, string path) => await (await client.GetAsync(path)).JsonAsync();

    private static async Task<JsonNode> CheckAsync(HttpClient client, string body) =>
        await (await client.PostAsync("/api/v1/jobs:check", new StringContent(body, Encoding.UTF8, "application/json"))).JsonAsync();

    private static void SameButForWords(JsonNode english, JsonNode chinese, params string[] words)
    {
        foreach (var name in words)
        {
            english[name]!.ToJsonString().ShouldNotBe(chinese[name]!.ToJsonString(), name);
            english[name]!.ToString().ShouldNotContain(c => c > '\u2E80', name);
        }

        Without(chinese).ShouldBe(Without(english));

        string Without(JsonNode node) => new JsonObject(((JsonObject)node.DeepClone()).Where(field => field.Key != "requestId" && !words.Contains(field.Key)).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))).ToJsonString();
    }
}
