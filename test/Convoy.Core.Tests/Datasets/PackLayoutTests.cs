using Convoy.Core.Datasets;
using CsCheck;

namespace Convoy.Core.Tests.Datasets;

public sealed class PackLayoutTests
{
    private static readonly long[] Edges = [4_194_304, 4_194_305, 4_194_303, 1_048_576, 1_048_577, 64, 67_108_864];

    private static readonly Gen<long> Sizes = Gen.Frequency(
        (10, Gen.Long[1, 300_000]), (3, Gen.Long[1, 3_000_000]), (1, Gen.Long[1, 200_000_000]), (2, Gen.Int[0, Edges.Length - 1].Select(i => Edges[i])));

    [Fact]
    public void No_piece_crosses_a_segment_or_overlaps_and_small_files_are_whole() => Sizes.Array[1, 300].Sample(
        sizes =>
        {
            var layout = new PackLayout();
            var end = 0;
            foreach (var size in sizes)
            {
                var pieces = 0;
                for (long done = 0; done < size;)
                {
                    if (layout.Take(size - done, done == 0) is not { } place)
                    {
                        layout.BeginPack();
                        end = 0;
                        continue;
                    }

                    place.Offset.ShouldBeGreaterThanOrEqualTo(end);
                    (place.Offset % PackLayout.Alignment).ShouldBe(0);
                    ((place.Offset % PackLayout.SegmentBytes) + place.Length).ShouldBeLessThanOrEqualTo(PackLayout.SegmentBytes);
                    end = place.Offset + place.Length;
                    end.ShouldBe(layout.Length);
                    end.ShouldBeLessThanOrEqualTo(PackLayout.PackBytes);
                    done += place.Length;
                    pieces++;
                }

                if (size <= PackLayout.LongestUncut) pieces.ShouldBe(1);
            }
        },
        iter: 500);

    [Fact]
    public void Files_of_images_size_leave_little_room_unused()
    {
        var layout = new PackLayout();
        var (files, packs, end) = (0, 0, 0L);
        while (packs < 10)
        {
            if (layout.Take(60_000 + (files * 7919 % 80_000), true) is null)
            {
                packs++;
                layout.BeginPack();
                continue;
            }

            end += 60_000 + (files++ * 7919 % 80_000);
        }

        end.ShouldBeGreaterThan((long)(0.97m * packs * PackLayout.PackBytes));
    }
}
