using Convoy.Core.Datasets;
using CsCheck;

namespace Convoy.Core.Tests.Datasets;

public sealed class ResidencyTests
{
    private static readonly Gen<long> Sizes = Gen.Frequency((20, Gen.Long[0, 200_000]), (2, Gen.Long[200_000, 2_000_000]), (1, Gen.Long[4_000_000, 20_000_000]));

    private static readonly Gen<Manifest> DataSets = Sizes.Array[1, 400].Select(sizes => Manifests.OfSizes([.. sizes.Select((size, i) => ($"{i % 5}/{i}", size))]));

    [Fact]
    public void An_epoch_hits_exactly_the_bytes_promised() => Gen.Select(DataSets, Gen.Int[0, 1_000_000]).Sample(
        (manifest, share) =>
        {
            var held = new Residency(manifest).OfShare(share);
            Pieces(manifest).Where(held.Holds).Sum(piece => (long)piece.Length).ShouldBe(held.Bytes);
        },
        iter: 100);

    [Fact]
    public void A_share_is_met_to_one_piece() => Gen.Select(DataSets, Gen.Int[0, 1_000_000]).Sample(
        (manifest, share) =>
        {
            var wanted = (long)((Int128)manifest.Bytes * share / 1_000_000);
            var held = new Residency(manifest).OfShare(share).Bytes;
            held.ShouldBeLessThanOrEqualTo(wanted);
            held.ShouldBeGreaterThan(wanted - Math.Max(1, Pieces(manifest).Max(piece => (int?)piece.Length) ?? 0) - 1);
        },
        iter: 100);

    [Fact]
    public void A_greater_share_keeps_all_that_a_smaller_one_holds() => Gen.Select(DataSets, Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000]).Sample(
        (manifest, one, other) =>
        {
            var residency = new Residency(manifest);
            var (small, great) = (residency.OfShare(Math.Min(one, other)), residency.OfShare(Math.Max(one, other)));
            Pieces(manifest).Where(small.Holds).ShouldAllBe(piece => great.Holds(piece));
        },
        iter: 100);

    [Fact]
    public void Nothing_is_held_of_no_share_and_everything_of_the_whole() => DataSets.Sample(
        manifest =>
        {
            var residency = new Residency(manifest);
            residency.OfShare(0).Bytes.ShouldBe(0);
            residency.OfShare(1_000_000).Bytes.ShouldBe(manifest.Bytes);
            Pieces(manifest).ShouldAllBe(piece => residency.OfShare(1_000_000).Holds(piece));
        },
        iter: 30);

    [Fact]
    public void What_is_held_is_the_same_wherever_it_is_computed()
    {
        var files = Enumerable.Range(0, 3000).Select(i => ($"{i}", 100_000L)).ToArray();
        new Residency(Manifests.OfSizes(files)).Order.ShouldBe(new Residency(Manifests.OfSizes(files)).Order);
        new Residency(Manifests.OfSizes(files)).Order.Take(8).ShouldNotBe([0, 1, 2, 3, 4, 5, 6, 7]);
    }

    /// <summary>A file that several names share is read by each of them.</summary>
    [Fact]
    public void What_several_files_share_weighs_as_often_as_it_is_read()
    {
        var builder = new ManifestBuilder();
        builder.SetPack(builder.AddPack(), Sha256.Of([1]), 1000, [default]);
        for (var i = 0; i < 9; i++) builder.AddFile([(byte)('a' + i)], default, [new Chunk(0, 0, 100, 0)]);
        builder.AddFile("z"u8, default, [new Chunk(0, 128, 100, 0)]);
        var manifest = Manifest.Read(builder.Build().SelectMany(piece => piece.ToArray()).ToArray());
        new Residency(manifest).OfShare(900_000).Bytes.ShouldBe(900);
        new Residency(manifest).OfShare(899_999).Bytes.ShouldBe(0);
    }

    private static Chunk[] Pieces(Manifest manifest) => [.. Enumerable.Range(0, manifest.Chunks).Select(manifest.ChunkAt)];
}
