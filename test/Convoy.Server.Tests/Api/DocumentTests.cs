using System.Text.Json.Nodes;

namespace Convoy.Server.Tests.Api;

public sealed class DocumentTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_document_names_every_parameter_of_a_list_and_how_to_sign_in()
    {
        var document = await (await server.For(null).GetAsync("/openapi/v1.json")).JsonAsync();
        var list = document["paths"]!["/api/v1/jobs"]!["get"]!;
        list["parameters"]!.AsArray().Select(parameter => parameter!["name"]!.GetValue<string>()).ShouldBe(["limit", "before", "all", "user", "queue", "phase", "name", "unfinished"]);
        document["components"]!["securitySchemes"]!["token"]!["scheme"]!.GetValue<string>().ShouldBe("bearer");
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in operations!.AsObject()) (operation!["summary"] as JsonValue).ShouldNotBeNull($"{method} {path}");
        }
    }

    [Fact]
    public async Task The_documentation_page_needs_nothing_from_elsewhere()
    {
        var page = await (await server.For(null).GetAsync("/docs/")).Content.ReadAsStringAsync();
        page.ShouldContain("scalar.js");
        page.ShouldNotContain("https://cdn");
        (await server.For(null).GetAsync("/docs/scalar.js")).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Metrics_count_what_finished_and_name_nobody()
    {
        var ann = await server.AddUserAsync("ann-with-a-name");
        await RunningServer.FinishedAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", name: "named-job")));
        var text = await (await server.For(null).GetAsync("/metrics")).Content.ReadAsStringAsync();
        text.ShouldContain("convoy_jobs_finished_total{phase=\"Succeeded\"}");
        text.ShouldNotContain("ann-with-a-name");
        text.ShouldNotContain("named-job");
    }
}
