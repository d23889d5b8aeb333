using ResizeLora.Benchmarks.Children;
using ResizeLora.Benchmarks.CommandLine;
using ResizeLora.Benchmarks.Measurements;

if (args is [Child.Subcommand, string task])
{
    Child.Run(task);
    return 0;
}

try
{
    BenchmarkOptions options = BenchmarkOptions.Parse(args);
    new BenchmarkRun(options).Run();
    return 0;
}
catch (UsageException exception)
{
    Console.Error.WriteLine(exception.Message);
    Console.Error.WriteLine(BenchmarkOptions.Usage);
    return 2;
}
