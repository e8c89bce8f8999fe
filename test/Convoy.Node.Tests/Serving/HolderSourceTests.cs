using System.Net;
using Convoy.Client;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Serving;

namespace Convoy.NodeAgent.Tests.Serving;

/// <summary>Bytes are asked for with the token of whoever holds the version, and holders come and go.</summary>
public sealed class HolderSourceTests : IAsyncDisposable
{
    private const string Good = "good", Bad = "bad";
    private static readonly byte[] Content = Samples.Drawn(1, 1000);
    private static readonly Sha256 Pack = Sha256.Of(Content);
    private readonly HttpListener platform = new();
    private readonly Uri url;
    private readonly Task serving;
    private readonly HolderSource source = new("kitti");

    public HolderSourceTests()
    {
        for (var port = 18_200; ; port++)
        {
            url = new Uri($"http://127.0.0.1:{port}/");
            platform.Prefixes.Clear();
            platform.Prefixes.Add(url.ToString());
            try
            {
                platform.Start();
                break;
            }
            catch (HttpListenerException) when (port < 18_400)
            {
                // Taken.
            }
        }

        serving = ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        platform.Close();
        await serving;
    }

    [Fact]
    public async Task One_who_has_gone_meanwhile_is_passed_over()
    {
        using var there = Client(Good);
        var gone = Client(Good);
        source.Add(gone);
        source.Add(there);
        gone.Dispose();
        (await ReadAsync()).ShouldBe(Content);
    }

    [Fact]
    public async Task Where_all_have_gone_it_is_a_read_that_failed_and_nothing_worse()
    {
        await Should.ThrowAsync<IOException>(ReadAsync);
        var gone = Client(Good);
        source.Add(gone);
        gone.Dispose();
        await Should.ThrowAsync<IOException>(ReadAsync);
    }

    [Fact]
    public async Task Where_one_may_not_read_another_is_asked_for()
    {
        using var refused = Client(Bad);
        using var there = Client(Good);
        source.Add(refused);
        await Should.ThrowAsync<IOException>(ReadAsync);
        source.Add(there);
        (await ReadAsync()).ShouldBe(Content);
    }

    private ConvoyClient Client(string token) => new(url, token, TimeProvider.System);

    private async Task<byte[]> ReadAsync()
    {
        var content = new byte[Content.Length];
        await source.ReadAsync(Pack, 0, content, CancellationToken.None);
        return content;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true) await AnswerAsync(await platform.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task AnswerAsync(HttpListenerContext asked)
    {
        var mayRead = asked.Request.Headers["Authorization"] == $"Bearer {Good}";
        asked.Response.StatusCode = mayRead ? 206 : 404;
        if (mayRead)
        {
            asked.Response.Headers["Content-Range"] = $"bytes 0-{Content.Length - 1}/{Content.Length}";
            asked.Response.ContentLength64 = Content.Length;
            await asked.Response.OutputStream.WriteAsync(Content);
        }

        asked.Response.Close();
    }
}
