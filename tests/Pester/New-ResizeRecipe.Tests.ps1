BeforeAll {
    . $PSScriptRoot/Common.ps1
    Enter-Sample
}

AfterAll { Exit-Sample }

Describe 'New-ResizeRecipe' {
    It 'reads "<Text>" as "<Expected>"' -TestCases @(
        @{ Text = 'spn_ckpt=1,thr=-1.2'; Expected = 'spn_ckpt=1,thr=-1.2' }
        @{ Text = ' thr = -1.20 , spn_ckpt '; Expected = 'spn_ckpt=1,thr=-1.2' }
        @{ Text = 'size=32,fro_lora=2,spn_lora'; Expected = 'spn_lora=1,fro_lora=2,size=32' }
        @{ Text = 'subspace=0.5,params=-0.125,thr=1e-3,rescale=1.5'; Expected = 'subspace=0.5,params=-0.125,thr=0.001,rescale=1.5' }
    ) {
        $recipe = New-ResizeRecipe $Text
        $recipe | Should -BeOfType ([ResizeLora.ResizeRecipe])
        "$recipe" | Should -BeExactly $Expected
        $recipe -eq [ResizeLora.ResizeRecipe]::Parse("$recipe") | Should -BeTrue
    }

    It 'divides the weights by their sum' {
        $recipe = New-ResizeRecipe 'spn_ckpt=3,fro_lora=1,thr=-1'
        $recipe.Weights['spn_ckpt'] | Should -Be 0.75
        $recipe.Weights['fro_lora'] | Should -Be 0.25
    }

    It 'reads several recipes from one text' {
        New-ResizeRecipe 'spn_lora,thr=-1:fro_lora,thr=-2' | ForEach-Object ToString | Should -Be 'spn_lora=1,thr=-1', 'fro_lora=1,thr=-2'
    }

    It 'builds a recipe from parameters' {
        "$(New-ResizeRecipe -SpnCkpt 1 -Params 0.2 -Threshold -1.2 -Size 32)" | Should -BeExactly 'spn_ckpt=1,params=0.2,thr=-1.2,size=32'
    }

    It 'does not depend on the culture' {
        $shell = New-ModuleShell "[cultureinfo]::CurrentCulture = 'de-DE'; ""`$(New-ResizeRecipe 'spn_lora=0.5,thr=-1.2')"", ""`$(New-ResizeRecipe -SpnLora 0.5 -Threshold -1.2)"""
        try { $shell.Invoke() | Should -Be 'spn_lora=0.5,thr=-1.2', 'spn_lora=0.5,thr=-1.2' }
        finally { Close-ModuleShell $shell }
    }

    It 'refuses "<Text>"' -TestCases @(
        @{ Text = '' }
        @{ Text = 'spn_ckpt=1' }
        @{ Text = 'thr=-1' }
        @{ Text = 'spn_ckpt=x,thr=-1' }
        @{ Text = 'spn_ckpt=1,spn_lora=-1,thr=-1' }
        @{ Text = 'spn_ckpt=NaN,thr=-1' }
        @{ Text = 'spn_ckpt=1,size=-1' }
        @{ Text = 'spn_ckpt=1,thr=-1,rescale=0' }
    ) {
        { New-ResizeRecipe $Text } | Should -Throw
    }

    It 'names what is wrong, where, and what is right' {
        $problem = { New-ResizeRecipe 'spn_ckpt=1,spm_lora=1,thr=-1' } | Should -Throw -PassThru
        $problem.Exception.Message | Should -Match 'spm_lora'
        $problem.Exception.Message | Should -Match '\b1[12]\b' -Because 'the text in question begins at the twelfth character'
        foreach ($key in 'spn_ckpt', 'spn_lora', 'fro_ckpt', 'fro_lora', 'subspace', 'params', 'thr', 'size', 'rescale') { $problem.Exception.Message | Should -Match $key }
    }

    Context 'With layers piped in' {
        BeforeAll { $layers = Get-LoraSpectrum style.safetensors }

        It 'attaches recipes to copies, one after another' {
            $with = $layers | New-ResizeRecipe 'spn_lora=1,thr=-0.5' | New-ResizeRecipe 'spn_lora=1,size=32'
            $with | Should -HaveCount $layers.Count
            foreach ($layer in $with) { $layer.Recipes | ForEach-Object ToString | Should -Be 'spn_lora=1,thr=-0.5', 'spn_lora=1,size=32' }
            $layers.Recipes | Should -BeNullOrEmpty -Because 'what the user holds is not changed'
        }

        It 'keeps the order of the layers' {
            ($layers | New-ResizeRecipe 'spn_lora=1,thr=-0.5').Name | Should -Be $layers.Name
        }

        It 'emits nothing where no layer comes' {
            $layers | Where-Object Rank -gt 1000 | New-ResizeRecipe 'spn_lora=1,thr=-0.5' | Should -BeNullOrEmpty
        }
    }
}
