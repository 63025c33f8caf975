package imaging

import "imagepro/handler/recipe"

// sepia mixes the channels with the matrix that gift, fabric and CSS share, by an amount.
func (p *planner) sepia(s recipe.Sepia) error {
	if s.Amount == 0 {
		return nil
	}
	m := sepiaMatrix(s.Amount / 100)
	p.point(point{"sepia", func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			r, g, b := uint32(q[0]), uint32(q[1]), uint32(q[2])
			for c := range 3 {
				q[c] = uint8(min(255, (m[c][0]*r+m[c][1]*g+m[c][2]*b+1<<15)>>16))
			}
		}
	}})
	return nil
}

// sepiaMatrix returns the mix of identity and sepia in units of 1/65536.
func sepiaMatrix(amount float64) (m [3][3]uint32) {
	sepia := [3][3]float64{{0.393, 0.769, 0.189}, {0.349, 0.686, 0.168}, {0.272, 0.534, 0.131}}
	for i := range m {
		for j := range m[i] {
			same := 0.0
			if i == j {
				same = 1
			}
			m[i][j] = uint32((same+(sepia[i][j]-same)*amount)*(1<<16) + 0.5)
		}
	}
	return m
}
