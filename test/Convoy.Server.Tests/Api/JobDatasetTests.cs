using System.Net;
using System.Security.Cryptography;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Server.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

/// <summary>Jobs that name data sets: what is taken in, and what their tasks may read.</summary>
public sealed class JobDatasetTests : IAsyncLifetime
{
    private readonly string scratch = Directory.CreateTempSubdirectory("convoy-datasets-").FullName;
    private RunningServer server = null!;
    private HttpClient ann = null!;

    /// <summary>No task gets as far as to read: the node agent of this test does nothing.</summary>
    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync(options => options with { NodeProgram = "/bin/false" });
        ann = await server.AddUserAsync("ann");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(scratch, recursive: true);
    }

    [Fact]
    public async Task A_job_keeps_the_version_that_its_tag_pointed_to_and_the_same_submission_later_is_the_same_job()
    {
        await PushAsync(ann, "kitti");
        var (id, spec) = (RunningServer.NewId(), Reading("""[{"name": "kitti"}]"""));
        (await RunningServer.PutAsync(ann, id, spec)).StatusCode.ShouldBe(HttpStatusCode.Created);
        await PushAsync(ann, "kitti");
        (await RunningServer.PutAsync(ann, id, spec)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RunningServer.PutAsync(ann, id, Reading("""[{"name": "kitti", "version": "v2"}]"""))).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        var kept = (await (await ann.GetAsync($"/api/v1/jobs/{id}")).JsonAsync())["spec"]!;
        (kept["datasets"]![0]!["version"]!.GetValue<string>(), kept["placement"]!["clusters"]![0]!.GetValue<string>()).ShouldBe(("v1", "local"));
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused_all_at_once_and_nothing_is_made()
    {
        var bob = await server.AddUserAsync("bob");
        await PushAsync(bob, "bobs");
        await PushAsync(ann, "kitti");
        (await ann.PutAsync("/api/v1/datasets/empty", new StringContent("{}", null, "application/json"))).StatusCode.ShouldBe(HttpStatusCode.Created);
        var id = RunningServer.NewId();
        var answer = await RunningServer.PutAsync(ann, id, Reading("""[{"name": "bobs"}, {"name": "none"}, {"name": "empty"}, {"name": "kitti", "version": "v9"}]"""));
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.JsonAsync())["problems"]!.AsArray().Select(problem => (problem!["path"]!.GetValue<string>(), problem["code"]!.GetValue<string>())).ShouldBe(
            [("datasets[0].name", "NoSuchDataset"), ("datasets[1].name", "NoSuchDataset"), ("datasets[2].version", "NoSuchVersion"), ("datasets[3].version", "NoSuchVersion")]);
        (await ann.GetAsync($"/api/v1/jobs/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_task_reads_what_its_job_names_while_its_owner_may_and_nothing_else()
    {
        var bob = await server.AddUserAsync("bob");
        await PushAsync(bob, "bobs");
        await PushAsync(ann, "kitti");
        await PushAsync(ann, "other");
        await ShareAsync("""["ann"]""");
        var job = await RunningServer.SubmitAsync(ann, Reading("""[{"name": "kitti"}, {"name": "bobs"}]"""));
        await RunningServer.UntilAsync(ann, job, JobPhase.Starting);
        var task = server.For(server.Services.GetRequiredService<ReportTokens>().For(JobId.Parse(job), 1));
        (await StatusAsync("kitti"), await StatusAsync("bobs"), await StatusAsync("other")).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound));
        (await task.GetAsync("/api/v1/datasets/kitti/versions/v1/manifest")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await task.DeleteAsync("/api/v1/datasets/kitti")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await ShareAsync("[]");
        (await StatusAsync("bobs")).ShouldBe(HttpStatusCode.NotFound);
        await ann.PostAsync($"/api/v1/jobs/{job}/cancel", null);
        await RunningServer.FinishedAsync(ann, job);
        (await StatusAsync("kitti")).ShouldBe(HttpStatusCode.NotFound);

        async Task<HttpStatusCode> StatusAsync(string dataset) => (await task.GetAsync($"/api/v1/datasets/{dataset}/versions/v1")).StatusCode;
        async Task ShareAsync(string readers) => (await bob.PutAsync("/api/v1/datasets/bobs", new StringContent($$"""{"readers": {{readers}}}""", null, "application/json"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_deleted_version_is_there_for_the_task_that_reads_it_and_for_nobody_else()
    {
        await PushAsync(ann, "kitti");
        await PushAsync(ann, "kitti");
        var job = await RunningServer.SubmitAsync(ann, Reading("""[{"name": "kitti", "version": "v1"}]"""));
        await RunningServer.UntilAsync(ann, job, JobPhase.Starting);
        var task = server.For(server.Services.GetRequiredService<ReportTokens>().For(JobId.Parse(job), 1));
        var before = await BytesAsync("v1");
        var pack = await PackAsync("v1");
        var other = await PackAsync("v2");
        (await ann.DeleteAsync("/api/v1/datasets/kitti/versions/v1")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await CheckAsync(HttpStatusCode.OK);
        (await ann.DeleteAsync("/api/v1/datasets/kitti")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await CheckAsync(HttpStatusCode.NotFound);

        // Whose name it is now is no matter to the job.
        var bob = await server.AddUserAsync("bob");
        await PushAsync(bob, "kitti");
        await CheckAsync(HttpStatusCode.NotFound);
        (await task.GetAsync("/api/v1/datasets/kitti/versions/v3")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await ann.GetAsync("/api/v1/datasets/kitti")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await ann.PostAsync($"/api/v1/jobs/{job}/cancel", null);
        await RunningServer.FinishedAsync(ann, job);
        (await task.GetAsync("/api/v1/datasets/kitti/versions/v1/manifest")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        async Task CheckAsync(HttpStatusCode others)
        {
            (await BytesAsync("v1")).ShouldBe(before);
            (await task.GetAsync("/api/v1/datasets/kitti/versions/v1")).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await task.GetAsync($"/api/v1/datasets/kitti/packs/{pack}")).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await task.GetAsync($"/api/v1/datasets/kitti/packs/{other}")).StatusCode.ShouldBe(others);
            (await ann.GetAsync("/api/v1/datasets/kitti/versions/v1")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }

        async Task<byte[]> BytesAsync(string version) => await (await task.GetAsync($"/api/v1/datasets/kitti/versions/{version}/manifest")).Content.ReadAsByteArrayAsync();
        async Task<string> PackAsync(string version) => Core.Datasets.Manifest.Read(await BytesAsync(version)).PackAt(0).Sha256.ToString();
    }

    [Fact]
    public async Task Where_no_cluster_has_data_sets_the_job_is_refused_at_once()
    {
        await using var bare = await RunningServer.StartAsync();
        var client = await bare.AddUserAsync("ann");
        await PushAsync(client, "kitti", bare.Url);
        var answer = await RunningServer.PutAsync(client, RunningServer.NewId(), Reading("""[{"name": "kitti"}]"""));
        (await answer.JsonAsync())["problems"]!.AsArray().Select(problem => problem!["code"]!.GetValue<string>()).ShouldBe(["NoDatasetsThere"]);
    }

    private static string Reading(string datasets) => RunningServer.Spec("true", more: $", \"datasets\": {datasets}");

    /// <summary>A next version of random bytes.</summary>
    private async Task PushAsync(HttpClient person, string name, string? url = null)
    {
        using var client = new ConvoyClient(new Uri(url ?? server.Url), person.DefaultRequestHeaders.Authorization!.Parameter, TimeProvider.System);
        var folder = Directory.CreateDirectory(Path.Combine(scratch, Guid.NewGuid().ToString("N"))).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "a"), RandomNumberGenerator.GetBytes(100));
        await client.Datasets.SaveAsync(name, new DatasetRequest(), CancellationToken.None);
        await new DatasetPush(client.Datasets, name, _ => { }).RunAsync(SourceFolder.Walk(folder), [], null, CancellationToken.None);
    }
}
