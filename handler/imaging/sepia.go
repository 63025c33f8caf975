package imaging

import "imagepro/handler/recipe"

// sepia mixes the channels with the matrix that gift, fabric and CSS share, by an amount.
func (p *planner) sepia(s recipe.Sepia) error {
	if s.Amount == 0 {
		return nil
	}
	full := [3][3]float64{{0.393, 0.769, 0.189}, {0.349, 0.686, 0.168}, {0.272, 0.534, 0.131}}
	m := recipe.Matrix{Name: "sepia"}
	m.Values[18] = 1
	for i := range full {
		for j := range full[i] {
			m.Values[5*i+j] = full[i][j] * s.Amount / 100
		}
		m.Values[6*i] += 1 - s.Amount/100
	}
	return p.matrix(m)
}
