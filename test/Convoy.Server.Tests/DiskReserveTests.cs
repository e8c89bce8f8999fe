using System.Net;
using Convoy.Core.Resources;

namespace Convoy.Server.Tests;

public sealed class DiskReserveTests
{
    [Fact]
    public void A_file_system_tells_what_it_has_left()
    {
        var space = DiskSpace.Of(Path.GetTempPath()).ShouldNotBeNull();
        space.FreeBytes.ShouldBeInRange(1, space.TotalBytes);
        space.TotalBytes.ShouldBe(new DriveInfo(Path.GetTempPath()).TotalSize);
        DiskSpace.Of("/no/such/place").ShouldBeNull();
    }

    [Fact]
    public async Task Below_the_reserve_a_submission_and_an_upload_are_refused_and_what_waits_is_told_so()
    {
        // More than any disk has: full from the start.
        await using var server = await RunningServer.StartAsync(options => options with { DiskReserve = new ByteSize(long.MaxValue) });
        var refused = await RunningServer.PutAsync(server.Admin, RunningServer.NewId(), RunningServer.Spec("true"));
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.InsufficientStorage, "DiskFull"));
        (await (await server.Admin.GetAsync("/readyz")).Content.ReadAsStringAsync()).ShouldBe("ready\nDiskFull\n");
        using var piece = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/code/{new string('a', 64)}") { Content = new ByteArrayContent([1]) };
        piece.Headers.Add("Upload-Offset", "0");
        piece.Headers.Add("Upload-Length", "1");
        (await (await server.Admin.SendAsync(piece)).CodeAsync()).ShouldBe("DiskFull");
        (await (await server.Admin.GetAsync("/api/v1/clusters")).JsonAsync())["notices"]![0]!["code"]!.GetValue<string>().ShouldBe("DiskFull");
        (await (await server.Admin.GetAsync("/api/v1/jobs?all=true")).JsonAsync())["items"]!.AsArray().ShouldBeEmpty();
    }
}
