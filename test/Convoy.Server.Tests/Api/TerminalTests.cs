using System.Net;
using System.Net.WebSockets;
using System.Text;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Server.Tests.Api;

public sealed class TerminalTests : IAsyncLifetime
{
    private const string Interactive = """, "interactive": {"idleTimeout": "10m"}""";
    private RunningServer server = null!;
    private HttpClient ann = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        ann = await server.AddUserAsync("ann");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_owner_types_over_a_web_socket_sees_what_is_printed_and_the_end_and_it_is_remembered_who_came()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("stty size; read word; echo got $word; exit 3", more: Interactive));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        using var socket = await OpenAsync(ann, job);
        await SendAsync(socket, new TerminalAttach(new TerminalSize(33, 99), 1, null, false).ToFrame());
        await SendAsync(socket, new TerminalFrame(TerminalFrameKind.Input, "w\n"u8.ToArray()));
        var seen = await ReadAsync(socket);
        seen.ShouldContain("got w\r\n");
        var view = await RunningServer.FinishedAsync(ann, job);
        view["failure"]!["exitCode"]!.GetValue<int>().ShouldBe(3);
        var events = (await (await ann.GetAsync($"/api/v1/jobs/{job}/events")).JsonAsync())["items"]!.AsArray();
        events.Single(e => e!["type"]!.GetValue<string>() == "TerminalOpened")!["event"]!["by"]!.GetValue<string>().ShouldBe("ann");
        (await (await ann.GetAsync($"/api/v1/jobs/{job}/terminal")).CodeAsync()).ShouldBe("AlreadyFinished");
    }

    [Fact]
    public async Task A_terminal_opens_for_its_owner_alone_from_no_other_site_and_only_while_there_is_one()
    {
        var (plain, job) = (await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 1000")), await RunningServer.SubmitAsync(ann, RunningServer.Spec("read word", more: Interactive)));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        (await AnswerAsync(server.Admin, job)).ShouldBe((HttpStatusCode.Forbidden, "NotOwner"));
        (await AnswerAsync(await server.AddUserAsync("bob"), job)).ShouldBe((HttpStatusCode.NotFound, "NotFound"));
        (await AnswerAsync(ann, plain)).ShouldBe((HttpStatusCode.Conflict, "NotInteractive"));
        (await AnswerAsync(ann, job)).ShouldBe((HttpStatusCode.UpgradeRequired, "UpgradeRequired"));
        (await AnswerAsync(ann, job, "https://elsewhere.example")).ShouldBe((HttpStatusCode.Forbidden, "ForeignOrigin"));
        (await AnswerAsync(ann, job, "null")).ShouldBe((HttpStatusCode.Forbidden, "ForeignOrigin"));
        (await AnswerAsync(ann, job, server.Url)).ShouldBe((HttpStatusCode.UpgradeRequired, "UpgradeRequired"));
        foreach (var _ in (int[])[0, 1]) await RunningServer.UntilAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("sleep 1000", gpus: 4)), JobPhase.Running);
        (await AnswerAsync(ann, await RunningServer.SubmitAsync(ann, RunningServer.Spec("true", gpus: 1, more: Interactive)))).ShouldBe((HttpStatusCode.Conflict, "NotRunning"));
    }

    [Fact]
    public async Task A_client_that_breaks_the_protocol_is_told_and_the_program_goes_on()
    {
        var job = await RunningServer.SubmitAsync(ann, RunningServer.Spec("read word; echo got $word", more: Interactive));
        await RunningServer.UntilAsync(ann, job, JobPhase.Running);
        using (var rude = await OpenAsync(ann, job))
        {
            await rude.SendAsync("text"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
            (await rude.ReceiveAsync(new byte[100], CancellationToken.None)).CloseStatus.ShouldBe(WebSocketCloseStatus.InvalidMessageType);
        }

        using (var endless = await OpenAsync(ann, job))
        {
            await endless.SendAsync(new byte[TerminalFrame.LongestPayload + 2], WebSocketMessageType.Binary, true, CancellationToken.None);
            (await endless.ReceiveAsync(new byte[100], CancellationToken.None)).CloseStatus.ShouldBe(WebSocketCloseStatus.MessageTooBig);
        }

        using var socket = await OpenAsync(ann, job);
        await SendAsync(socket, new TerminalAttach(null, 1, null, false).ToFrame());
        await SendAsync(socket, new TerminalFrame(TerminalFrameKind.Input, "w\n"u8.ToArray()));
        (await ReadAsync(socket)).ShouldContain("got w\r\n");
    }

    private static async Task<(HttpStatusCode Status, string Code)> AnswerAsync(HttpClient client, string job, string? origin = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{job}/terminal");
        if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", origin);
        var answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.CodeAsync());
    }

    private async Task<ClientWebSocket> OpenAsync(HttpClient client, string job)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", client.DefaultRequestHeaders.Authorization!.ToString());
        socket.Options.Proxy = null;
        await socket.ConnectAsync(new Uri($"{server.Url.Replace("http://", "ws://", StringComparison.Ordinal)}/api/v1/jobs/{job}/terminal"), CancellationToken.None);
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, TerminalFrame frame) =>
        socket.SendAsync(new ArraySegment<byte>([(byte)frame.Kind, .. frame.Payload.Span]), WebSocketMessageType.Binary, true, CancellationToken.None);

    /// <summary>All output, until the frame that says that the program has ended.</summary>
    private static async Task<string> ReadAsync(ClientWebSocket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var text = new StringBuilder();
        var buffer = new byte[1 + TerminalFrame.LongestPayload];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, limit.Token);
            part.EndOfMessage.ShouldBeTrue();
            if ((TerminalFrameKind)buffer[0] == TerminalFrameKind.Ended) return text.ToString();
            if ((TerminalFrameKind)buffer[0] == TerminalFrameKind.Output) text.Append(Encoding.UTF8.GetString(buffer, 1, part.Count - 1));
        }
    }
}
