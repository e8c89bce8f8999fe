using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Tests.Kubernetes;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>
/// Stands for a cluster's name server, by its own rule: POD.SERVICE.NAMESPACE.svc.cluster.local is the address of a pod that calls itself so
/// (<c>hostname</c>, <c>subdomain</c>), where a headless service of that name picks it out.
/// </summary>
internal sealed class ClusterNames(ApiServerProcess server)
{
    public const string Domain = "cluster.local";

    private const int HeaderBytes = 12;
    private const int NoSuchName = 3;

    public async Task AnswerAsync(IPAddress at, CancellationToken cancellationToken)
    {
        using var socket = new UdpClient(new IPEndPoint(at, 53));
        try
        {
            while (true)
            {
                var asked = await socket.ReceiveAsync(cancellationToken);
                await socket.SendAsync(await AnswerAsync(asked.Buffer), asked.RemoteEndPoint, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The node goes.
        }
    }

    /// <summary>RFC 1035, section 4: one question with its answer, if there is one.</summary>
    private async Task<byte[]> AnswerAsync(byte[] question)
    {
        var at = HeaderBytes;
        var labels = new List<string>();
        for (; question[at] > 0; at += question[at] + 1) labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        var asksForAddress = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(at + 1)) == 1;
        var address = labels is [var pod, var service, var space, "svc", "cluster", "local"] ? await FindAsync(pod, service, space) : null;
        var answer = new List<byte>(question[..(at + 5)]);
        var isAnswered = asksForAddress && address is not null;
        (answer[2], answer[3]) = (0x85, (byte)(0x80 | (address is null ? NoSuchName : 0)));
        (answer[4], answer[5], answer[6], answer[7], answer[8], answer[9], answer[10], answer[11]) = (0, 1, 0, (byte)(isAnswered ? 1 : 0), 0, 0, 0, 0);
        if (isAnswered) answer.AddRange([0xC0, HeaderBytes, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, .. address!.GetAddressBytes()]);
        return [.. answer];
    }

    private async Task<IPAddress?> FindAsync(string pod, string service, string space)
    {
        var services = await ListAsync($"/api/v1/namespaces/{space}/services");
        if (services.FirstOrDefault(each => (string?)each["metadata"]!["name"] == service)?["spec"] is not { } spec || (string?)spec["clusterIP"] != "None") return null;
        var found = (await ListAsync($"/api/v1/namespaces/{space}/pods")).FirstOrDefault(each =>
            (string?)each["spec"]!["hostname"] == pod && (string?)each["spec"]!["subdomain"] == service && spec["selector"]!.AsObject().All(wanted => (string?)each["metadata"]!["labels"]?[wanted.Key] == (string?)wanted.Value));
        return (string?)found?["status"]!["podIP"] is { } address && ((bool?)spec["publishNotReadyAddresses"] ?? false) ? IPAddress.Parse(address) : null;
    }

    private async Task<IEnumerable<JsonNode>> ListAsync(string path) => JsonNode.Parse(await server.GetTextAsync(path))!["items"]!.AsArray().Select(item => item!);
}
