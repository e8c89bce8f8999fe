using Convoy.Bench.Openb;

switch (args)
{
    case ["openb", var folder, .. var rest] when rest is [] or [_]:
        OpenbTable.Print(Console.Out, folder, rest is [var seeds] ? int.Parse(seeds) : 10);
        return 0;
    default:
        Console.Error.WriteLine("usage: Convoy.Bench openb FOLDER [SEEDS]   the openb protocol on the traces in the folder; 10 seeds unless told");
        return 2;
}
