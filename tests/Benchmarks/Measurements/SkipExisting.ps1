# Resizes a folder with -SkipExisting and tells the milliseconds, the number of outputs made and of libtorches loaded.
param($Folder, $Checkpoint, $Recipe, $Destination)
$files = Get-ChildItem $Folder -Filter *.safetensors
$watch = [Diagnostics.Stopwatch]::StartNew()
$results = @($files | Invoke-LoraResize -Checkpoint $Checkpoint -Recipe $Recipe -Destination $Destination -SkipExisting)
$watch.Stop()
$libraries = @([Diagnostics.Process]::GetCurrentProcess().Modules | Where-Object ModuleName -Like '*torch_cpu*')
"$($watch.Elapsed.TotalMilliseconds) $($results.Count) $($libraries.Count)"
