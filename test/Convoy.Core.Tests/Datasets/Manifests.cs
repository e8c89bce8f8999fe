using System.Text;
using Convoy.Core.Datasets;

namespace Convoy.Core.Tests.Datasets;

/// <summary>Data sets in memory, laid out as a publication lays them out.</summary>
internal static class Manifests
{
    /// <summary>Of files in the order given, each with its content.</summary>
    public static (byte[] Manifest, List<byte[]> Packs) Pack(IEnumerable<(string Path, byte[] Content)> files)
    {
        var (builder, layout) = (new ManifestBuilder(), new PackLayout());
        var (packs, pack) = (new List<byte[]>(), new byte[PackLayout.PackBytes]);
        var rows = new List<(string Path, byte[] Content, List<Chunk> Pieces)>();
        foreach (var (path, content) in files)
        {
            var pieces = new List<Chunk>();
            for (var done = 0; done < content.Length;)
            {
                if (layout.Take(content.Length - done, done == 0) is not { } place)
                {
                    Close();
                    continue;
                }

                var piece = content.AsSpan(done, place.Length);
                piece.CopyTo(pack.AsSpan(place.Offset));
                pieces.Add(new Chunk(packs.Count, place.Offset, place.Length, Crc32C.Of(piece)));
                done += place.Length;
            }

            rows.Add((path, content, pieces));
        }

        if (layout.Length > 0) Close();
        foreach (var whole in packs) builder.SetPack(builder.AddPack(), Sha256.Of(whole), whole.Length, [.. whole.Chunk(PackLayout.SegmentBytes).Select(segment => Sha256.Of(segment))]);
        foreach (var (path, content, pieces) in rows) builder.AddFile(Encoding.UTF8.GetBytes(path), Sha256.Of(content), [.. pieces]);
        return ([.. builder.Build().SelectMany(piece => piece.ToArray())], packs);

        void Close()
        {
            packs.Add(pack[..layout.Length]);
            pack = new byte[PackLayout.PackBytes];
            layout.BeginPack();
        }
    }

    /// <summary>Of files without bytes that anybody looks at: only their names and sizes count.</summary>
    public static Manifest OfSizes(params (string Path, long Size)[] files) => Manifest.Read(BytesOfSizes(files));

    public static byte[] BytesOfSizes(params (string Path, long Size)[] files)
    {
        var (builder, layout) = (new ManifestBuilder(), new PackLayout());
        var (lengths, rows) = (new List<int>(), new List<(string Path, Chunk[] Pieces)>());
        foreach (var (path, size) in files)
        {
            var pieces = new List<Chunk>();
            for (long done = 0; done < size;)
            {
                if (layout.Take(size - done, done == 0) is not { } place)
                {
                    lengths.Add(layout.Length);
                    layout.BeginPack();
                    continue;
                }

                pieces.Add(new Chunk(lengths.Count, place.Offset, place.Length, 0));
                done += place.Length;
            }

            rows.Add((path, [.. pieces]));
        }

        if (layout.Length > 0) lengths.Add(layout.Length);
        for (var i = 0; i < lengths.Count; i++) builder.SetPack(builder.AddPack(), Sha256.Of([(byte)i, (byte)(i >> 8)]), lengths[i], new Sha256[Core.Datasets.Pack.SegmentsOf(lengths[i])]);
        foreach (var (path, pieces) in rows) builder.AddFile(Encoding.UTF8.GetBytes(path), Sha256.Of(Encoding.UTF8.GetBytes(path)), pieces);
        return [.. builder.Build().SelectMany(piece => piece.ToArray())];
    }
}
