// $env:RESIZELORA_CACHE is the process's, so sessions with a cache of their own must not run side by side.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
